package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Passwords and a service that decides, each against a target that records what gets to it.
final class AccessTest extends ServiceRoad {
    // Of crypt_blowfish's and argon2's own tests.
    private static final String BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    private static final String ARGON =
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    private static final String YES = message(
                    "HTTP/1.1 200 OK",
                    "Remote-User: ann",
                    "Remote-Groups: a",
                    "Remote-Groups: b",
                    "X-Other: hidden",
                    "Set-Cookie: session=good2",
                    "Content-Length: 2")
            + "ok";
    private static final String NO = message(
                    "HTTP/1.1 302 Found",
                    "Location: https://login.test/?rd=x",
                    "Set-Cookie: s=1",
                    "X-Forwarded-For: 1.2.3.4",
                    "Content-Length: 5")
            + "login";

    @TempDir
    Path folder;

    private static String message(String... lines) {
        return String.join("\r\n", lines) + "\r\n\r\n";
    }

    private String users(String... lines) throws IOException {
        Path file = folder.resolve("users");
        Files.writeString(file, String.join("\n", lines) + "\n");
        return file.toString();
    }

    private static String basic(String credentials) {
        return "Authorization: Basic "
                + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    private String with(String header) throws IOException {
        return ask("GET / HTTP/1.1\nHost: app.test\n" + header);
    }

    private void startBasic(String rest) throws IOException {
        start(
                "app: {host: app.test, site: home, target: \"http://127.0.0.1:%d\", access: {basic: {users-file: %s%s}}}\n"
                        .formatted(target("app"), users("# people", "ann:" + BCRYPT, "bob:" + ARGON), rest));
    }

    @Test
    void basic_rightPassword_isLetInAndNotShownToTheTarget() throws Exception {
        startBasic("");

        assertThat(with(basic("ann:U*U"))).startsWith("HTTP/1.1 200 ");
        assertThat(seen()).startsWith("app GET").doesNotContain("Authorization");
        assertThat(with(basic("ann:U*U"))).startsWith("HTTP/1.1 200 ");
        assertThat(with(basic("bob:password").replace("Basic", "bAsIc"))).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void basic_forward_showsItToTheTarget() throws Exception {
        startBasic(", forward: true, realm: Our own");

        assertThat(with(basic("ann:U*U"))).startsWith("HTTP/1.1 200 ");
        assertThat(seen()).contains("Authorization: Basic ");
        assertThat(ask("GET / HTTP/1.1\nHost: app.test")).contains("Basic realm=\"Our own\", charset=\"UTF-8\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-None: here",
                "Authorization: Basic",
                "Authorization: Basic !!!!",
                "Authorization: Bearer dTpw",
                "Authorization: Basic YW5u",
                "Proxy-Authorization: Basic YW5uOlUqVQ=="
            })
    void basic_noCredentials_is401(String header) throws Exception {
        startBasic("");

        assertThat(with(header)).startsWith("HTTP/1.1 401 ").contains("www-authenticate: Basic realm=\"restricted\"");
        assertThat(heads).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ann:wrong", "ann:", "ann:U*U ", "Ann:U*U", "nobody:U*U", ":U*U", "bob:U*U", "ann:U*U\u0000"})
    void basic_wrongPassword_is401(String credentials) throws Exception {
        startBasic("");

        assertThat(with(basic(credentials))).startsWith("HTTP/1.1 401 ");
        assertThat(heads).isEmpty();
        assertThat(node().events().counters()).containsKey("auth.basic.wrong");
    }

    @Test
    void basic_manyWrongPasswords_are429_andWhoIsKnownGoesOn() throws Exception {
        startBasic("");
        assertThat(with(basic("ann:U*U"))).startsWith("HTTP/1.1 200 ");

        String last = "";
        for (int i = 0; i < 21; i++) {
            last = with(basic("ann:guess" + i));
        }

        assertThat(last).startsWith("HTTP/1.1 429 ");
        assertThat(with(basic("ann:U*U"))).startsWith("HTTP/1.1 200 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ann",
                "ann:secret",
                "ann:$apr1$x$y",
                "ann:$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "ann:$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                ""
            })
    void basic_usersFileThatIsWrong_keepsTheModelFromBeingApplied(String line) throws Exception {
        String file = users(line);

        assertThatThrownBy(() -> start(
                        "app: {host: app.test, site: home, target: \"http://127.0.0.1:1\", access: {basic: {users-file: %s}}}\n"
                                .formatted(file)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file)
                .message()
                .doesNotContain("secret", "apr1", "CCCC");
    }

    /// A service that decides: who has the cookie is ann, everybody else is sent to its login.
    private RawBackend portal() throws IOException {
        return backend((wire, _) -> {
            for (String head = wire.readHead(); !head.isEmpty(); head = wire.readHead()) {
                heads.add("portal " + head);
                wire.send(head.contains("session=good") ? YES : NO);
            }
        });
    }

    private void startForward(int port) throws IOException {
        start("""
                app:
                  host: app.test
                  site: home
                  target: "http://127.0.0.1:%d"
                  access: {forward-auth: {url: "http://127.0.0.1:%d/api/authz/forward-auth", site: home}}
                """.formatted(target("app"), port));
    }

    @Test
    void forwardAuth_yes_showsTheTargetWhoItIs() throws Exception {
        startForward(portal().port());

        String response = ask("""
                POST /x/../y?z HTTP/1.1
                Host: app.test
                Cookie: session=good
                Remote-User: root
                remote_user: root
                REMOTE.EMAIL: root@x
                X-Forwarded-Uri: /evil
                X-Forwarded-Method: EVIL
                X-Original-URL: /evil
                Content-Length: 0""");

        assertThat(response)
                .startsWith("HTTP/1.1 200 ")
                .contains("session=good2")
                .doesNotContain("X-Other");
        assertThat(seen())
                .startsWith("portal GET /api/authz/forward-auth HTTP/1.1\r\n")
                .contains(
                        "X-Forwarded-Method: POST\r\n",
                        "X-Forwarded-Uri: /y?z\r\n",
                        "X-Forwarded-Host: app.test\r\n",
                        "X-Forwarded-Proto: http\r\n",
                        "X-Forwarded-For: 127.0.0.1\r\n",
                        "X-Original-URL: http://app.test/y?z\r\n")
                .doesNotContainIgnoringCase("evil", "root", "content-length");
        assertThat(seen())
                .startsWith("app POST /y?z")
                .contains("Remote-User: ann\r\n", "Remote-Groups: a\r\n", "Remote-Groups: b\r\n")
                .doesNotContainIgnoringCase("root", "hidden", "evil");
    }

    @Test
    void forwardAuth_no_showsTheVisitorTheWayToItsLogin() throws Exception {
        startForward(portal().port());

        String response = ask("GET /y HTTP/1.1\nHost: app.test\nCookie: session=bad");

        assertThat(response)
                .startsWith("HTTP/1.1 302 ")
                .contains("Location: https://login.test/?rd=x", "Set-Cookie: s=1")
                .doesNotContain("1.2.3.4");
        assertThat(seen()).startsWith("portal ");
        assertThat(heads).isEmpty();
    }

    @Test
    void forwardAuth_thatDoesNotAnswer_letsNobodyIn() throws Exception {
        startForward(RawBackend.unused());

        assertThat(ask("GET / HTTP/1.1\nHost: app.test\nCookie: session=good")).startsWith("HTTP/1.1 502 ");
        assertThat(heads).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                "SSH-2.0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
                ""
            })
    void forwardAuth_anyOtherAnswer_letsNobodyIn(String answer) throws Exception {
        RawBackend portal = backend((wire, _) -> {
            wire.readHead();
            wire.send(answer + (answer.contains("100000000") ? "x".repeat(200_000) : ""));
        });
        startForward(portal.port());

        assertThat(ask("GET / HTTP/1.1\nHost: app.test\nCookie: session=good")).startsWith("HTTP/1.1 50");
        assertThat(heads).isEmpty();
    }

    @Test
    void forwardAuth_requestWithABody_keepsItForTheTarget() throws Exception {
        startForward(portal().port());

        try (Wire wire = visitor()) {
            wire.send("PUT /f HTTP/1.1\r\nHost: app.test\r\nCookie: session=good\r\nContent-Length: 5\r\n\r\nhello");
            assertThat(wire.readHead()).startsWith("HTTP/1.1 200 ");
        }
        assertThat(seen()).startsWith("portal ");
        assertThat(seen()).startsWith("app PUT /f").contains("5");
    }

    @Test
    void rate_ofAService_is429() throws Exception {
        start("app: {host: app.test, site: home, target: \"http://127.0.0.1:%d\", access: {rate: 3/h}}\n"
                .formatted(target("app")));

        for (int i = 0; i < 3; i++) {
            assertThat(ask("GET / HTTP/1.1\nHost: app.test")).startsWith("HTTP/1.1 200 ");
        }
        assertThat(ask("GET / HTTP/1.1\nHost: app.test")).startsWith("HTTP/1.1 429 ");
    }
}
