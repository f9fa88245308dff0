package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Wire;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Services that share a host, and what they do with requests, against targets that record every byte of a head.
final class RoutingTest extends ServiceRoad {
    @ParameterizedTest
    @CsvSource({
        "/, web / ",
        "/public/x?y=%2e, web /public/x?y=%2e ",
        "/admin, admin /admin ",
        "//admin, admin /admin ",
        "/./admin/, admin /admin/ ",
        "/%61dmin, admin /admin ",
        "/x/../admin, admin /admin ",
        "/x/%2e%2e/admin, admin /admin ",
        "/x/%2E./admin/y, admin /admin/y ",
        "http://app.test/admin, admin /admin ",
        "http://APP.test//x/../admin, admin /admin ",
        "/Admin, web /Admin ",
        "/api/v1/x?q, api /v1/x?q ",
        "/api, api / ",
        "/api/../../x, web /x ",
        "/old/x, write /new/x ",
    })
    void path_inEveryDisguise_isMatchedAndForwardedInOneForm(String target, String expected) throws Exception {
        startAll();

        ask("GET " + target + " HTTP/1.1\nHost: app.test");

        String[] words = expected.split(" ", 2);
        assertThat(seen()).startsWith(words[0] + " GET " + words[1].strip() + " HTTP/1.1\r\n");
    }

    @ParameterizedTest
    @CsvSource({
        "/x/..%2fadmin, 400",
        "/x%2f..%2fadmin, 400",
        "/x/..%5cadmin, 400",
        "/x;/../admin, 200",
        "/..;/admin, 400",
        "/admin%00, 400",
        "/x\\admin, 400",
        "/admin#, 400",
        "http://other.test/admin, 400",
    })
    void path_thatServersReadDifferently_isRefusedWherePathsDecide(String target, int status) throws Exception {
        startAll();

        assertThat(ask("GET " + target + " HTTP/1.1\nHost: app.test")).startsWith("HTTP/1.1 " + status);
    }

    private void startAll() throws IOException {
        start("""
                web: {host: app.test, site: home, target: "http://127.0.0.1:%d"}
                admin: {host: app.test, path: /admin, site: home, target: "http://127.0.0.1:%d"}
                api: {host: app.test, path: /api, strip-prefix: true, site: home, target: "http://127.0.0.1:%d"}
                write: {host: app.test, path: /old, rewrite-prefix: /new, site: home, target: "http://127.0.0.1:%d"}
                """.formatted(target("web"), target("admin"), target("api"), target("write")));
    }

    @Test
    void prefix_stripped_isToldToTheTarget() throws Exception {
        startAll();

        ask("GET /api/x HTTP/1.1\nHost: app.test\nX-Forwarded-Prefix: /evil");

        assertThat(seen()).contains("X-Forwarded-Prefix: /api\r\n").doesNotContain("evil");
    }

    @Test
    void methodAndHeader_chooseAmongServicesOfAHost() throws Exception {
        start("""
                read: {host: app.test, site: home, target: "http://127.0.0.1:%d"}
                write: {host: app.test, method: [POST, PUT], site: home, target: "http://127.0.0.1:%d"}
                beta: {host: app.test, header: "X-Beta: 1", site: home, target: "http://127.0.0.1:%d"}
                """.formatted(target("read"), target("write"), target("beta")));

        ask("GET / HTTP/1.1\nHost: app.test");
        assertThat(seen()).startsWith("read GET");
        ask("PUT / HTTP/1.1\nHost: app.test\nContent-Length: 0");
        assertThat(seen()).startsWith("write PUT");
        ask("GET / HTTP/1.1\nHost: app.test\nx-beta: 1");
        assertThat(seen()).startsWith("beta GET");
        ask("GET / HTTP/1.1\nHost: app.test\nx-beta: 2");
        assertThat(seen()).startsWith("read GET");
        ask("GET / HTTP/1.1\nHost: app.test\nx-beta: 1\nx-beta: 2");
        assertThat(seen()).startsWith("read GET");
    }

    @Test
    void redirect_toAHost_keepsPathQueryAndConnection() throws Exception {
        start("old: {host: old.test, redirect: \"https://new.test\", redirect-status: 308}\n");

        try (Wire wire = visitor()) {
            for (int i = 0; i < 2; i++) {
                wire.send("GET //a/%2e./b?c HTTP/1.1\r\nHost: old.test\r\n\r\n");

                assertThat(wire.readHead())
                        .startsWith("HTTP/1.1 308 ")
                        .contains("location: https://new.test/b?c\r\n")
                        .contains("content-length: 0\r\n")
                        .doesNotContain("connection: close");
            }
        }
    }

    @Test
    void maintenance_answersWithoutTheTarget() throws Exception {
        start("app: {host: app.test, site: home, target: \"http://127.0.0.1:1\", maintenance: true}\n");

        try (Wire wire = visitor()) {
            wire.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello");

            assertThat(wire.readAll()).startsWith("HTTP/1.1 503 ").contains("retry-after: 60", "Back soon");
        }
    }

    @Test
    void headers_areSetAddedAndRemoved() throws Exception {
        start("""
                app:
                  host: app.test
                  site: home
                  target: "http://127.0.0.1:%d"
                  headers:
                    request: {set: ["Host: inside.test", "X-Who: gateway"], add: ["X-Tag: b"], remove: [Cookie]}
                    response: {set: ["X-Frame-Options: DENY"], remove: [Server]}
                """.formatted(target("app")));

        String response = ask("GET / HTTP/1.1\nHost: app.test\nX-Who: me\nX-Tag: a\nCookie: c=1\nCookie: d=2");

        assertThat(seen())
                .contains("Host: inside.test\r\n", "X-Who: gateway\r\n", "X-Tag: a\r\n", "X-Tag: b\r\n")
                .doesNotContain("Cookie", "X-Who: me", "\nHost: app.test");
        assertThat(response).contains("X-Frame-Options: DENY\r\n").doesNotContain("secret");
    }

    @Test
    void requestId_ofAVisitor_isReplaced() throws Exception {
        startAll();

        ask("GET / HTTP/1.1\nHost: app.test\nX-Request-Id: mine");

        assertThat(seen()).containsPattern("X-Request-Id: [0-9a-f]{16}\r\n").doesNotContain("mine");
    }

    @Test
    void body_largerThanTheServiceTakes_is413() throws Exception {
        start("app: {host: app.test, site: home, target: \"http://127.0.0.1:%d\", max-body: \"10\"}\n"
                .formatted(target("app")));

        assertThat(ask("POST / HTTP/1.1\nHost: app.test\nContent-Length: 11")).startsWith("HTTP/1.1 413 ");
        try (Wire wire = visitor()) {
            wire.send(
                    "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n");
            assertThat(wire.readHead()).startsWith("HTTP/1.1 413 ");
        }
        try (Wire wire = visitor()) {
            wire.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\n0123456789");
            assertThat(wire.readHead()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void targets_oneOfThemDead_everyRequestIsServed() throws Exception {
        int dead = RawBackend.unused();
        start("app: {host: app.test, site: home, target: [\"http://127.0.0.1:%d\", \"http://127.0.0.1:%d\"]}\n"
                .formatted(dead, target("app")));

        for (int i = 0; i < 6; i++) {
            assertThat(ask("POST / HTTP/1.1\nHost: app.test\nContent-Length: 0"))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void targets_allDead_isBadGatewayWithAnIdForTheOperator() throws Exception {
        start("app: {host: app.test, site: home, target: [\"http://127.0.0.1:%d\", \"http://127.0.0.1:%d\"]}\n"
                .formatted(RawBackend.unused(), RawBackend.unused()));

        String head = ask("GET / HTTP/1.1\nHost: app.test");

        assertThat(head).startsWith("HTTP/1.1 502 ").containsPattern("X-Request-Id: [0-9a-f]{16}");
        String id = head.replaceAll("(?s).*X-Request-Id: ([0-9a-f]+).*", "$1");
        assertThat(node().events().recent())
                .anyMatch(event -> event.text().contains("refuses the connection")
                        && !event.text().contains(id + id));
    }

    @Test
    void sticky_cookie_keepsTheTargetAndTellsNothingOfIt() throws Exception {
        int one = target("one");
        int two = target("two");
        start(
                "app: {host: app.test, site: home, sticky: true, target: [\"http://127.0.0.1:%d\", \"http://127.0.0.1:%d\"]}\n"
                        .formatted(one, two));

        String first = ask("GET / HTTP/1.1\nHost: app.test");
        String name = seen().substring(0, 3);
        String cookie = first.replaceAll("(?s).*set-cookie: ([^;]+);.*", "$1");
        assertThat(first).contains("HttpOnly", "Path=/").doesNotContain(String.valueOf(one), String.valueOf(two));
        for (int i = 0; i < 4; i++) {
            String next = ask("GET / HTTP/1.1\nHost: app.test\nCookie: a=b; " + cookie);
            assertThat(seen()).startsWith(name);
            assertThat(next).doesNotContain("set-cookie");
        }
        assertThat(ask("GET / HTTP/1.1\nHost: app.test\nCookie: culvert-target=forged"))
                .contains("set-cookie");
    }
}
