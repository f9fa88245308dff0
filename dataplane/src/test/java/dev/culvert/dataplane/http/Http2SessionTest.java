package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.FrameWire.Answer;
import dev.culvert.dataplane.testing.FrameWire.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a visitor of HTTP/2 may expect, with a target of HTTP/1.1.
@Timeout(20)
class Http2SessionTest extends Http2Road {
    private FrameWire answering(String response) throws Exception {
        serving2((wire, _) -> {
            while (answer(wire, response)) {}
        });
        return visitor2().greet();
    }

    @Test
    void get_isForwardedInHttp11AndAnswered() throws Exception {
        FrameWire visitor = answering(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Own\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\n\r\nok");

        visitor.headers(
                1,
                true,
                ":method",
                "GET",
                ":scheme",
                "http",
                ":path",
                "/a/./b?c",
                ":authority",
                "app.test",
                "cookie",
                "a=1",
                "cookie",
                "b=2",
                "x-forwarded-for",
                "203.0.113.66");

        Answer answer = visitor.answer(1);
        assertThat(answer.status()).isEqualTo("200");
        assertThat(answer.body()).isEqualTo("ok");
        assertThat(Objects.requireNonNull(answer.headers()).names())
                .map(CharSequence::toString)
                .containsExactlyInAnyOrder(":status", "content-length");
        assertThat(head())
                .startsWith("GET /a/b?c HTTP/1.1\r\n")
                .contains("host: app.test\r\n", "cookie: a=1; b=2\r\n", "X-Forwarded-For: 127.0.0.1\r\n")
                .doesNotContain("203.0.113.66");
    }

    @Test
    void postWithoutLength_arrivesInChunks() throws Exception {
        CompletableFuture<String> body = new CompletableFuture<>();
        serving2((wire, _) -> {
            record(wire);
            body.complete(wire.readUntil("0\r\n\r\n"));
            wire.send(OK);
        });
        FrameWire visitor = visitor2().greet();

        visitor.post(1, "/").data(1, false, "hello").data(1, true, " world");

        assertThat(visitor.answer(1).status()).isEqualTo("200");
        assertThat(head()).containsIgnoringCase("transfer-encoding: chunked");
        assertThat(body.get().replaceAll("\r\n[0-9a-f]\r\n", "")).contains("hello", "world");
    }

    @Test
    void streams_areServedAtTheSameTime() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serving2((wire, _) -> {
            String head = record(wire);
            if (head.startsWith("GET /slow")) {
                go.get(5, TimeUnit.SECONDS);
            }
            wire.send(OK);
        });
        FrameWire visitor = visitor2().greet();

        visitor.get(1, "/slow").get(3, "/fast");

        assertThat(visitor.answer(3).status()).isEqualTo("200");
        go.complete(null);
        assertThat(visitor.answer(1).status()).isEqualTo("200");
    }

    @Test
    void chunkedResponseWithTrailers_reachesWhoWantsThem() throws Exception {
        FrameWire visitor = answering(message("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
                + message("2", "ok", "0", "Grpc-Status: 0", "Content-Length: 7"));

        visitor.headers(
                1, true, ":method", "GET", ":scheme", "http", ":path", "/", ":authority", "app.test", "te", "trailers");

        visitor.readUntil(frame -> frame.is(FrameWire.DATA, 1));
        Frame last = Objects.requireNonNull(visitor.readUntil(Frame::endsStream));
        assertThat(last.type()).isEqualTo(FrameWire.HEADERS);
        assertThat(visitor.decode(last))
                .singleElement()
                .satisfies(field -> assertThat(field).hasToString("grpc-status=0"));
    }

    @Test
    void interimResponses_arePassedOn() throws Exception {
        FrameWire visitor = answering("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK);

        visitor.get(1, "/");

        Frame first = Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.HEADERS, 1)));
        assertThat(visitor.decode(first).status()).hasToString("103");
        assertThat(first.endsStream()).isFalse();
        assertThat(visitor.answer(1).status()).isEqualTo("200");
    }

    @Test
    void headOfAnEventStream_comesBeforeTheFirstEvent() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serving2((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            go.get(5, TimeUnit.SECONDS);
            wire.send("data: 1\n\n");
        });
        FrameWire visitor = visitor2().greet();

        visitor.get(1, "/");

        assertThat(visitor.readUntil(frame -> frame.is(FrameWire.HEADERS, 1))).isNotNull();
        go.complete(null);
        assertThat(visitor.answer(1).body()).isEqualTo("data: 1\n\n");
    }

    @Test
    void earlyResponse_asksForNoMoreOfTheBody() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
            wire.readAll();
        });
        FrameWire visitor = visitor2().greet();

        visitor.post(1, "/").data(1, false, "hello");

        Frame head = Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.HEADERS, 1)));
        assertThat(visitor.decode(head).status()).hasToString("413");
        assertThat(visitor.readUntil(Frame::endsStream)).isNotNull();
        Frame reset = Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.RST_STREAM, 1)));
        assertThat(reset.error()).isZero();
        visitor.get(3, "/");
    }

    @Test
    void responseCutShort_isReset() throws Exception {
        FrameWire visitor = answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        visitor.get(1, "/");
        visitor.readUntil(frame -> frame.is(FrameWire.DATA, 1));
        closeBackend();

        Answer answer = visitor.answer(1);

        assertThat(answer.reset()).isEqualTo(2);
    }

    @Test
    void cancelledStream_reachesTheTarget() throws Exception {
        CompletableFuture<String> rest = new CompletableFuture<>();
        serving2((wire, _) -> {
            record(wire);
            rest.complete(wire.readAll());
        });
        FrameWire visitor = visitor2().greet();
        visitor.get(1, "/");
        head();

        visitor.reset(1, 8);

        assertThat(rest.get(1, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void upload_toATargetThatTakesNothing_isHeldBackByTheWindow() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        int total = 48 << 20;
        serving2((wire, _) -> {
            record(wire);
            go.get(15, TimeUnit.SECONDS);
            wire.input().skipNBytes(total);
            wire.send(OK);
        });
        FrameWire visitor = visitor2().greet();
        visitor.post(1, "/", "content-length", Integer.toString(total));
        Upload upload = new Upload(visitor, total);

        Thread.ofVirtual().start(upload);
        assertThat(upload.held.get(10, TimeUnit.SECONDS)).isLessThan(40 << 20);
        go.complete(null);

        assertThat(upload.answered.get(15, TimeUnit.SECONDS)).isEqualTo("200");
    }

    /// Sends as much as the windows allow.
    private static final class Upload implements Runnable {
        final CompletableFuture<Integer> held = new CompletableFuture<>();
        final CompletableFuture<String> answered = new CompletableFuture<>();
        private final FrameWire visitor;
        private final int total;

        Upload(FrameWire visitor, int total) {
            this.visitor = visitor;
            this.total = total;
        }

        @Override
        public void run() {
            try {
                String piece = "x".repeat(16_000);
                int sent = 0;
                // The windows of the settings that have come with the greeting.
                int stream = 256 * 1024;
                int all = 1024 * 1024;
                visitor.socket().setSoTimeout(700);
                while (sent < total) {
                    int next = Math.min(total - sent, piece.length());
                    while (stream < next || all < next) {
                        Frame frame = readOrHeld(sent);
                        if (frame.type() == FrameWire.WINDOW_UPDATE) {
                            all += frame.stream() == 0 ? frame.error() : 0;
                            stream += frame.stream() == 1 ? frame.error() : 0;
                        }
                    }
                    stream -= next;
                    all -= next;
                    sent += next;
                    visitor.data(1, sent == total, piece.substring(0, next));
                }
                held.complete(0);
                answered.complete(visitor.answer(1).status());
            } catch (Exception e) {
                held.completeExceptionally(e);
                answered.completeExceptionally(e);
            }
        }

        private Frame readOrHeld(int sent) throws Exception {
            try {
                return Objects.requireNonNull(visitor.read());
            } catch (java.net.SocketTimeoutException nothingMoves) {
                held.complete(sent);
                visitor.socket().setSoTimeout(15_000);
                return Objects.requireNonNull(visitor.read());
            }
        }
    }

    @Test
    void download_toAVisitorThatOpensNoWindow_isHeldBackAndOthersGoOn() throws Exception {
        serving2((wire, _) -> {
            while (true) {
                String head = record(wire);
                if (head.isEmpty()) {
                    return;
                }
                if (head.startsWith("GET /large")) {
                    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n");
                    wire.send(new byte[40_000_000]);
                } else {
                    wire.send(OK);
                }
            }
        });
        FrameWire visitor = visitor2().greet();
        visitor.window(0, 1 << 20).get(1, "/large");
        int received = 0;
        while (received < 65_535) {
            received += Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.DATA, 1)))
                    .payload()
                    .length();
        }

        visitor.get(3, "/small");

        assertThat(visitor.answer(3).body()).isEqualTo("ok");
        assertThat(received).isEqualTo(65_535);
    }

    /// Of SETTINGS_INITIAL_WINDOW_SIZE: streams begin with windows that are shut.
    private static final byte[] SHUT = {0, 4, 0, 0, 0, 0};

    @Test
    void download_toAShutWindow_fetchesNothingUntilItOpens() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n");
            wire.send(new byte[60_000]);
        });
        FrameWire visitor = visitor2().greet(SHUT).get(1, "/");

        Frame head = Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.HEADERS, 1)));
        assertThat(head.endsStream()).isFalse();
        assertThat(door().sentBytes()).isZero();

        visitor.window(1, 60_000);
        int received = 0;
        boolean ended = false;
        while (!ended) {
            Frame frame = Objects.requireNonNull(visitor.readUntil(each -> each.is(FrameWire.DATA, 1)));
            received += frame.payload().length();
            ended = frame.endsStream();
        }
        assertThat(received).isEqualTo(60_000);
    }

    @Test
    void emptyResponse_toAShutWindow_ends() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.send(message("HTTP/1.1 200 OK", "Content-Length: 0"));
        });

        Answer answer = visitor2().greet(SHUT).get(1, "/").answer(1);

        assertThat(answer.status()).isEqualTo("200");
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void webSocket_isCarriedByItsStream() throws Exception {
        serving2((wire, _) -> {
            String head = record(wire);
            String key = head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key: "))
                    .findFirst()
                    .orElseThrow()
                    .substring(19);
            wire.send(message(
                            "HTTP/1.1 101 Switching Protocols",
                            "Upgrade: websocket",
                            "Connection: Upgrade",
                            "Sec-WebSocket-Protocol: chat",
                            "Sec-WebSocket-Accept: " + dev.culvert.proto.http.WebSocketHandshake.accept(key))
                    + "first of server");
            assertThat(wire.read(15)).isEqualTo("first of client");
            wire.send("second");
            assertThat(wire.readAll()).isEqualTo("bye");
            wire.send("last");
        });
        FrameWire visitor = visitor2().greet();

        visitor.headers(
                1,
                false,
                ":method",
                "CONNECT",
                ":protocol",
                "websocket",
                ":scheme",
                "http",
                ":path",
                "/ws",
                ":authority",
                "app.test",
                "sec-websocket-version",
                "13",
                "sec-websocket-protocol",
                "chat");
        visitor.data(1, false, "first of client");

        Frame head = Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.HEADERS, 1)));
        assertThat(visitor.decode(head).status()).hasToString("200");
        assertThat(visitor.decode(head).get("sec-websocket-protocol")).hasToString("chat");
        StringBuilder said = new StringBuilder();
        while (said.length() < 21) {
            said.append(Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.DATA, 1)))
                    .payload());
        }
        assertThat(said).hasToString("first of serversecond");
        visitor.data(1, true, "bye");
        assertThat(visitor.answer(1).body()).isEqualTo("last");
        assertThat(head())
                .startsWith("GET /ws HTTP/1.1")
                .containsIgnoringCase("upgrade: websocket")
                .containsIgnoringCase("connection: upgrade");
    }

    @Test
    void drain_answersWhatIsUnderWayAndGoesAway() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serving2((wire, _) -> {
            record(wire);
            go.get(5, TimeUnit.SECONDS);
            wire.send(OK);
        });
        FrameWire visitor = visitor2().greet();
        visitor.get(1, "/");
        head();

        tellVisitors(Drain.Notice.BEGIN);

        List<Integer> lasts = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Frame away = Objects.requireNonNull(visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY));
            assertThat(away.error()).isZero();
            lasts.add(away.number(0));
        }
        assertThat(lasts).containsExactly(Integer.MAX_VALUE, 1);
        go.complete(null);
        assertThat(visitor.answer(1).body()).isEqualTo("ok");
        assertThat(visitor.read()).isNull();
    }
}
