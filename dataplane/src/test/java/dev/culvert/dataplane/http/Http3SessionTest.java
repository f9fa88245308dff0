package dev.culvert.dataplane.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.Http3Client;
import dev.culvert.dataplane.testing.Http3Client.Answer;
import dev.culvert.dataplane.testing.Http3Client.Exchange;
import dev.culvert.dataplane.testing.TlsClient;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.dataplane.tls.TestCertificates;
import dev.culvert.proto.http.WebSocketHandshake;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a visitor of HTTP/3 may expect, with a target of HTTP/1.1.
@Timeout(60)
class Http3SessionTest extends Http3Road {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @Test
    void get_isForwardedInHttp11AndAnswered() throws Exception {
        answering(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Own\r\nX-Own: 1\r\nAlt-Svc: h3=\":1\"\r\n\r\nok");

        try (Http3Client visitor = visitor("one.test")) {
            Answer answer = visitor.open(
                            true,
                            ":method",
                            "GET",
                            ":scheme",
                            "https",
                            ":path",
                            "/a/./b?c",
                            ":authority",
                            "one.test",
                            "cookie",
                            "a=1",
                            "cookie",
                            "b=2",
                            "x-forwarded-for",
                            "203.0.113.66")
                    .answer();

            assertThat(answer.status()).isEqualTo("200");
            assertThat(answer.body()).isEqualTo("ok");
            assertThat(answer.fields().names())
                    .map(CharSequence::toString)
                    .containsExactlyInAnyOrder(":status", "content-length", "strict-transport-security", "alt-svc");
            assertThat(answer.fields().get("alt-svc")).hasToString("h3=\":443\"; ma=86400");
            assertThat(head())
                    .startsWith("GET /a/b?c HTTP/1.1\r\n")
                    .contains(
                            "host: one.test\r\n",
                            "cookie: a=1; b=2\r\n",
                            "X-Forwarded-For: 127.0.0.1\r\n",
                            "X-Forwarded-Proto: https\r\n")
                    .doesNotContain("203.0.113.66", "chunked");
        }
    }

    @Test
    void postWithoutLength_arrivesInChunks() throws Exception {
        CompletableFuture<String> body = new CompletableFuture<>();
        serving((wire, _) -> {
            record(wire);
            body.complete(wire.readUntil("0\r\n\r\n"));
            wire.send(OK);
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange post = visitor.open(false, fields("POST", "/"))
                    .data(false, "hello")
                    .data(true, " world");

            assertThat(post.answer().status()).isEqualTo("200");
            assertThat(head()).containsIgnoringCase("transfer-encoding: chunked");
            assertThat(body.get().replaceAll("\r\n[0-9a-f]+\r\n", "")).contains("hello", "world");
        }
    }

    @Test
    void getWhoseEndComesLater_hasNoBody() throws Exception {
        answering(OK);
        try (Http3Client visitor = visitor("one.test")) {
            Exchange get = visitor.open(false, fields("GET", "/"));
            visitor.get("one.test", "/other");
            get.stream().shutdownOutput();

            assertThat(get.answer().status()).isEqualTo("200");
            assertThat(head()).startsWith("GET /other ");
            assertThat(head()).startsWith("GET / ").doesNotContainIgnoringCase("transfer-encoding");
        }
    }

    @Test
    void streams_areServedAtTheSameTime() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serving((wire, _) -> {
            if (record(wire).startsWith("GET /slow")) {
                go.get(5, TimeUnit.SECONDS);
            }
            wire.send(OK);
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange slow = visitor.open(true, fields("GET", "/slow"));

            assertThat(visitor.get("one.test", "/fast").status()).isEqualTo("200");
            go.complete(null);
            assertThat(slow.answer().status()).isEqualTo("200");
        }
    }

    @Test
    void trailersAndInterimResponses_reachWhoWantsThem() throws Exception {
        answering(("HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|"
                        + "Grpc-Status: 0|Content-Length: 7||")
                .replace("|", "\r\n"));
        try (Http3Client visitor = visitor("one.test")) {
            Answer answer =
                    visitor.open(true, fields("GET", "/", "te", "trailers")).answer();

            assertThat(answer.interim()).containsExactly("103");
            assertThat(answer.body()).isEqualTo("ok");
            assertThat(answer.trailers())
                    .singleElement()
                    .satisfies(field -> assertThat(field).hasToString("grpc-status=0"));
        }
    }

    @Test
    void upload_toATargetThatTakesNothing_isHeldBackAndThenWhole() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        int total = 40 << 20;
        serving((wire, _) -> {
            record(wire);
            go.get(15, TimeUnit.SECONDS);
            wire.input().skipNBytes(total);
            wire.send(OK);
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange post = visitor.open(false, fields("POST", "/", "content-length", Integer.toString(total)));
            ByteBuf piece = Unpooled.directBuffer(64 * 1024).writeZero(64 * 1024);
            ChannelFuture last = post.stream().newSucceededFuture();
            for (int sent = 0; sent < total; sent += piece.capacity()) {
                last = post.send(piece.retainedDuplicate());
            }
            piece.release();

            assertThat(last.await(1_000)).as("all of it is on its way").isFalse();
            go.complete(null);

            last.addListener(QuicStreamChannel.SHUTDOWN_OUTPUT);
            assertThat(post.answer().status()).isEqualTo("200");
        }
    }

    @Test
    void download_isWhole_alsoForWhoTakesItSlowly() throws Exception {
        String body = "0123456789abcdef".repeat(256 * 1024);
        answering("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        try (Http3Client visitor = visitor("one.test")) {
            Exchange slow = visitor.open(true, fields("GET", "/slow"));
            slow.stream().config().setAutoRead(false);

            assertThat(visitor.get("one.test", "/").body()).isEqualTo(body);
            slow.stream().config().setAutoRead(true);
            assertThat(slow.answer().body()).isEqualTo(body);
        }
    }

    @Test
    void earlyResponse_asksForNoMoreOfTheBody() throws Exception {
        serving((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
            wire.readAll();
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange post = visitor.open(false, fields("POST", "/", "content-length", "1000"))
                    .data(false, "begun");

            assertThat(post.answer().status()).isEqualTo("413");
            assertThat(visitor.get("one.test", "/").status())
                    .as("the connection goes on")
                    .isEqualTo("413");
        }
    }

    @Test
    void responseCutShort_isReset() throws Exception {
        serving((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        });
        try (Http3Client visitor = visitor("one.test")) {
            Answer answer = visitor.get("one.test", "/");

            assertThat(answer.reset()).isEqualTo(Http3ErrorCode.H3_INTERNAL_ERROR.code());
        }
    }

    @Test
    void cancelledStream_reachesTheTarget() throws Exception {
        CompletableFuture<String> rest = new CompletableFuture<>();
        serving((wire, _) -> {
            record(wire);
            rest.complete(wire.readAll());
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange get = visitor.open(true, fields("GET", "/"));
            head();

            get.stream().shutdownInput(Http3ErrorCode.H3_REQUEST_CANCELLED.code());

            assertThat(rest.get(5, TimeUnit.SECONDS)).isEmpty();
        }
    }

    @Test
    void webSocket_isCarriedByItsStream() throws Exception {
        serving((wire, _) -> {
            String head = record(wire);
            String key = head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key: "))
                    .findFirst()
                    .orElseThrow()
                    .substring(19);
            wire.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + WebSocketHandshake.accept(key) + "\r\n\r\nfirst of server");
            assertThat(wire.read(15)).isEqualTo("first of client");
            wire.send("second");
            assertThat(wire.readAll()).isEqualTo("bye");
            wire.send("last");
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange socket = visitor.open(
                            false, fields("CONNECT", "/ws", ":protocol", "websocket", "sec-websocket-version", "13"))
                    .data(false, "first of client");

            assertThat(((Http3Headers) socket.next()).status()).hasToString("200");
            StringBuilder said = new StringBuilder();
            while (said.length() < 21) {
                said.append(socket.next());
            }
            assertThat(said).hasToString("first of serversecond");
            socket.data(true, "bye");
            assertThat(socket.next()).isEqualTo("last");
        }
    }

    @Test
    void request_forAnotherName_isMisdirected() throws Exception {
        answering(OK);
        try (Http3Client visitor = visitor("one.test")) {
            // attacks.md RT-01, RT-03
            assertThat(visitor.get("two.test", "/").status()).isEqualTo("421");
            assertThat(visitor.get("ONE.test.", "/").status()).isEqualTo("200");
        }
        assertThat(count("http.misdirected")).isEqualTo(1);
    }

    @Test
    void drain_answersWhatIsUnderWayAndGoesAway() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serving((wire, _) -> {
            record(wire);
            go.get(5, TimeUnit.SECONDS);
            wire.send(OK);
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange get = visitor.open(true, fields("GET", "/"));
            head();

            Thread.ofVirtual().start(() -> {
                try {
                    node().node().drain().stop(TimeUnit.SECONDS.toNanos(10));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });

            assertThat(visitor.goAway()).isEqualTo((1L << 62) - 4);
            assertThat(visitor.goAway()).isEqualTo(4);
            go.complete(null);
            assertThat(get.answer().body()).isEqualTo("ok");
            assertThat(visitor.closed()).isEqualTo(Http3ErrorCode.H3_NO_ERROR.code());
        }
    }

    @Test
    void reload_thatClosesHttp3_letsWhatRunsEnd_andIsForgottenByResponses() throws Exception {
        answering(OK);
        try (Http3Client visitor = visitor("one.test")) {
            assertThat(visitor.get("one.test", "/").status()).isEqualTo("200");

            node().node().apply(without(node().node().model()));

            assertThat(visitor.goAway()).isPositive();
            assertThat(visitor.closed()).isEqualTo(Http3ErrorCode.H3_NO_ERROR.code());
        }
        try (SSLSocket tls = TlsClient.connect(at(), "one.test")) {
            tls.getOutputStream().write("GET / HTTP/1.1\r\nHost: one.test\r\n\r\n".getBytes(US_ASCII));
            assertThat(new Wire(tls).readHead()).startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("alt-svc");
        }
    }

    @Test
    void certificate_thatIsNew_isSeenByNewConnections_andCutsNone() throws Exception {
        answering(OK);
        try (Http3Client before = visitor("one.test")) {
            ServerCertificate fresh = TestCertificates.selfSigned("one.test");
            node().node().tls().contexts().issued(List.of(fresh));

            assertThat(before.get("one.test", "/").status()).isEqualTo("200");
            try (Http3Client after = visitor("one.test")) {
                assertThat(after.certificate()).isEqualTo(fresh.leaf());
                assertThat(after.get("one.test", "/").status()).isEqualTo("200");
            }
            assertThat(before.certificate()).isNotEqualTo(fresh.leaf());
        }
    }
}
