package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.FrameWire.Answer;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Wire;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// `requests.txt` by every version, against a target that records every byte: each row gets the answer that it
/// declares,
/// and the target gets what the row says, or nothing.
@Timeout(20)
final class RequestTableTest extends ServiceRoad {
    /// Answers behind which the connection may go on: nothing was wrong with the request's form.
    private static final Set<String> KEPT = Set.of("403", "404");

    /// A target that records heads with their bodies, as long as the head says that they are.
    private int recording() throws IOException {
        RawBackend backend = backend((wire, _) -> {
            for (String head = wire.readHead(); !head.isEmpty(); head = wire.readHead()) {
                heads.add(head + body(wire, head));
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        return backend.port();
    }

    private static String body(Wire wire, String head) throws IOException {
        if (head.contains("transfer-encoding: chunked")) {
            return wire.readUntil("0\r\n\r\n");
        }
        int at = head.indexOf("content-length: ");
        return at < 0 ? "" : wire.read(Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at))));
    }

    private void serve() throws IOException {
        start("""
                app: {host: app.test, site: home, target: "http://127.0.0.1:%1$d"}
                admin: {host: app.test, path: /admin, site: home, target: "http://127.0.0.1:%1$d", access: {allow: [192.0.2.0/24]}}
                plain: {host: plain.test, site: home, target: "http://127.0.0.1:%1$d"}
                """.formatted(recording()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.culvert.dataplane.http.RequestRow#texts")
    void http1(RequestRow row) throws Exception {
        serve();
        try (Wire visitor = visitor()) {
            visitor.send(row.http1());
            String head = visitor.readHead();
            assertThat(head).startsWith("HTTP/1.1 " + row.text() + " ");
            if (row.toTarget() == null) {
                if (!KEPT.contains(row.text())) {
                    assertThat(visitor.readAll()).as("closed behind the answer").doesNotContain("HTTP/1.1");
                }
                assertThat(heads).isEmpty();
                return;
            }
            visitor.read(2);
            visitor.send("GET /next HTTP/1.1\r\nhost: app.test\r\n\r\n");
            assertThat(visitor.readHead()).startsWith("HTTP/1.1 200 ");
        }
        assertReached(row.toTarget());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.culvert.dataplane.http.RequestRow#framed")
    void http2(RequestRow row) throws Exception {
        serve();
        try (FrameWire visitor = new Http2Door(node()).visitor().greet()) {
            ask(visitor, row);
            Answer answer = visitor.answer(1);
            if ("reset".equals(row.frames())) {
                assertThat(answer.reset()).as("PROTOCOL_ERROR").isEqualTo(1);
            } else {
                assertThat(answer.status()).isEqualTo(row.frames());
            }
            visitor.get(3, "/next");
            Answer next = visitor.answer(3);
            assertThat(next.status()).as("the connection goes on: %s", next).isEqualTo("200");
        }
        assertReached(row.framedToTarget());
    }

    private static void ask(FrameWire visitor, RequestRow row) throws IOException {
        String body = row.body();
        // What is wrong only at its end must come with its beginning, or a target hears of that.
        visitor.hold();
        visitor.headers(1, body == null, pairs(row.fields()));
        if (body != null) {
            visitor.data(1, row.trailers().isEmpty(), body);
        }
        if (!row.trailers().isEmpty()) {
            visitor.headers(1, true, pairs(row.trailers()));
        }
        visitor.release();
    }

    private static String[] pairs(List<RequestRow.Field> fields) {
        return fields.stream()
                .flatMap(field -> Stream.of(field.name(), field.value()))
                .toArray(String[]::new);
    }

    /// Then comes the next request, and nothing in between.
    private void assertReached(@Nullable RequestRow target) throws InterruptedException {
        if (target != null) {
            String body = target.body();
            assertThat(masked(seen())).isEqualTo(target.head(ours(target.authority())) + (body == null ? "" : body));
        }
        assertThat(masked(seen())).isEqualTo("GET /next HTTP/1.1\r\nhost: app.test\r\n" + ours("app.test") + "\r\n");
        assertThat(heads).isEmpty();
    }

    /// What a target is told of its visitor.
    private static String ours(String host) {
        String said = host.toLowerCase(Locale.ROOT);
        String quoted = said.contains(":") ? '"' + said + '"' : said;
        return "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: "
                + said + "\r\nX-Forwarded-Port: 0\r\nForwarded: for=127.0.0.1;host=" + quoted
                + ";proto=http\r\nX-Request-Id: 0\r\n";
    }

    private static String masked(String message) {
        return message.replaceFirst("X-Request-Id: [0-9a-f]{16}", "X-Request-Id: 0")
                .replaceFirst("X-Forwarded-Port: [0-9]+", "X-Forwarded-Port: 0");
    }
}
