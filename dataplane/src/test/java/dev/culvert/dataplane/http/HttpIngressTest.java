package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.Wire;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
final class HttpIngressTest extends HttpRoad {
    /// The bytes of a head leave without those of a body: an event stream may say nothing for a while.
    @Test
    void headOfAnEventStream_comesBeforeTheFirstEvent() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        Wire visitor = serving((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            go.get(5, TimeUnit.SECONDS);
            wire.send("data: 1\n\n");
        });

        visitor.send(get("/"));

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        go.complete(null);
        assertThat(visitor.readUntil("0\r\n\r\n")).contains("data: 1");
    }

    @Test
    void keepAlive_servesRequestAfterRequestOnOneConnectionEachSide() throws Exception {
        Wire visitor = serving((wire, _) -> {
            while (answer(wire, OK)) {}
        });

        for (int i = 0; i < 3; i++) {
            visitor.send(get("/" + i));
            assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
            assertThat(visitor.read(2)).isEqualTo("ok");
            assertThat(head()).startsWith("GET /" + i + " HTTP/1.1\r\n");
        }
        assertThat(backend().accepted()).isEqualTo(1);
    }

    @Test
    void pipelinedRequests_areAnsweredInOrder() throws Exception {
        Wire visitor = serving((wire, _) -> {
            while (true) {
                String head = record(wire);
                if (head.isEmpty()) {
                    return;
                }
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + head.substring(4, 6));
            }
        });

        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            all.append(get("/" + i));
        }
        visitor.send(all.toString());

        for (int i = 0; i < 8; i++) {
            assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
            assertThat(visitor.read(2)).isEqualTo("/" + i);
        }
    }

    @Test
    void pipelinedBehindABody_theBodyIsNoRequest() throws Exception {
        String body = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n";
        Wire visitor = serving((wire, _) -> {
            record(wire);
            assertThat(wire.read(body.length())).isEqualTo(body);
            wire.send(OK);
            answer(wire, OK);
        });

        visitor.send("POST /a HTTP/1.1\r\nHost: app.test\r\nContent-Length: " + body.length() + "\r\n\r\n" + body
                + get("/b"));

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        visitor.read(2);
        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(head()).startsWith("POST /a");
        assertThat(head()).startsWith("GET /b");
        assertThat(heads).isEmpty();
    }

    @Test
    void invalidRequestBehindAValidOne_firstAnsweredThen400AndClosed() throws Exception {
        Wire visitor = serving((wire, _) -> {
            while (answer(wire, OK)) {}
        });

        visitor.send(get("/")
                + "GET / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(visitor.read(2)).isEqualTo("ok");
        assertThat(visitor.readAll()).startsWith("HTTP/1.1 400").contains("connection: close");
        assertThat(heads).hasSize(1);
    }

    @Test
    void chunkedResponse_staysChunkedForHttp11() throws Exception {
        Wire visitor = serving((wire, _) ->
                answer(wire, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));

        visitor.send(get("/"));

        assertThat(visitor.readHead()).containsIgnoringCase("transfer-encoding: chunked");
        assertThat(visitor.readUntil("0\r\n\r\n")).isEqualTo("3\r\nabc\r\n0\r\n\r\n");
    }

    @Test
    void chunkedResponse_isUnchunkedAndClosedForHttp10() throws Exception {
        Wire visitor = serving((wire, _) ->
                answer(wire, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));

        visitor.send("GET / HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n");

        assertThat(visitor.readHead()).doesNotContainIgnoringCase("chunked").containsIgnoringCase("connection: close");
        assertThat(visitor.readAll()).isEqualTo("abc");
    }

    @Test
    void http10WithKeepAlive_isKeptWhereTheLengthIsKnown() throws Exception {
        Wire visitor = serving((wire, _) -> {
            while (answer(wire, OK)) {}
        });

        for (int i = 0; i < 2; i++) {
            visitor.send("GET / HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n");
            assertThat(visitor.readHead()).startsWith("HTTP/1.1 200").containsIgnoringCase("connection: keep-alive");
            assertThat(visitor.read(2)).isEqualTo("ok");
        }
    }

    @Test
    void responseUntilClose_isChunkedForHttp11AndKeepsTheVisitor() throws Exception {
        Wire visitor = serving((wire, number) -> {
            record(wire);
            wire.send(number == 1 ? "HTTP/1.1 200 OK\r\n\r\nto the end" : OK);
        });

        visitor.send(get("/"));
        assertThat(visitor.readHead()).containsIgnoringCase("transfer-encoding: chunked");
        assertThat(visitor.readUntil("0\r\n\r\n")).contains("to the end");
        visitor.send(get("/"));
        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @CsvSource({
        "HEAD, HTTP/1.1 200 OK\\r\\nContent-Length: 5000\\r\\n\\r\\n",
        "GET, HTTP/1.1 204 No Content\\r\\n\\r\\n",
        "GET, HTTP/1.1 304 Not Modified\\r\\nETag: x\\r\\n\\r\\n"
    })
    void responseWithoutABody_isFollowedByTheNext(String method, String response) throws Exception {
        Wire visitor = serving((wire, _) -> {
            answer(wire, response.replace("\\r\\n", "\r\n"));
            answer(wire, OK);
        });

        visitor.send(method + " / HTTP/1.1\r\nHost: app.test\r\n\r\n");
        String first = visitor.readHead();
        visitor.send(get("/next"));

        assertThat(first).doesNotContainIgnoringCase("transfer-encoding");
        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200 OK\r\n").containsIgnoringCase("content-length: 2");
        assertThat(visitor.read(2)).isEqualTo("ok");
        assertThat(backend().accepted()).isEqualTo(1);
    }

    @Test
    void expectContinue_isRelayedOnceAndTheBodyFollows() throws Exception {
        Wire visitor = serving((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(wire.read(4)).isEqualTo("body");
            wire.send(OK);
        });

        visitor.send("POST / HTTP/1.1\r\nHost: app.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        assertThat(visitor.readHead()).startsWith("HTTP/1.1 100");
        assertThat(head()).containsIgnoringCase("expect: 100-continue");
        visitor.send("body");

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(visitor.read(2)).isEqualTo("ok");
    }

    @Test
    void earlyHints_areRelayedBeforeTheResponse() throws Exception {
        Wire visitor = serving((wire, _) -> answer(wire, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK));

        visitor.send(get("/"));

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 103").contains("</a.css>");
        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(visitor.read(2)).isEqualTo("ok");
    }

    @Test
    void floodOfInterimResponses_is502() throws Exception {
        Wire visitor = serving((wire, _) -> answer(wire, "HTTP/1.1 102 Processing\r\n\r\n".repeat(50) + OK));

        visitor.send(message("GET / HTTP/1.1", "Host: app.test", "Connection: close"));

        assertThat(visitor.readAll()).contains("HTTP/1.1 502");
    }
}
