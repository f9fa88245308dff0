package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.Wire;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies, upgrades and ends of connections, which flow while both sides are still talking.
@Timeout(20)
final class HttpStreamingTest extends HttpRoad {
    @Test
    void webSocket_switchesAndPassesEarlyBytesBothWays() throws Exception {
        Wire visitor = serving((wire, _) -> {
            String head = record(wire);
            assertThat(head.toLowerCase(Locale.ROOT)).contains("upgrade: websocket", "connection: upgrade");
            wire.send(message(
                            "HTTP/1.1 101 Switching Protocols",
                            "Upgrade: websocket",
                            "Connection: Upgrade",
                            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                    + "first of server");
            assertThat(wire.read(15)).isEqualTo("first of client");
            wire.send("second");
            wire.endOutput();
            wire.readAll();
        });

        visitor.send(webSocket() + "first of client");

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 101").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assertThat(visitor.read(15)).isEqualTo("first of server");
        assertThat(visitor.readAll()).isEqualTo("second");
    }

    @Test
    void webSocketThatTheTargetRefuses_isAnOrdinaryResponse() throws Exception {
        Wire visitor = serving((wire, _) -> {
            while (answer(wire, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")) {}
        });

        for (int i = 0; i < 2; i++) {
            visitor.send(webSocket());
            assertThat(visitor.readHead()).startsWith("HTTP/1.1 403");
            assertThat(visitor.read(2)).isEqualTo("no");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x5", "+5", "-5", " 5", "5_", "", "00000000000000005", "5;a\nb"})
    void chunkSizeOutOfForm_neverCompletesTheRequest(String size) throws Exception {
        CompletableFuture<String> body = new CompletableFuture<>();
        Wire visitor = serving((wire, _) -> {
            record(wire);
            body.complete(wire.readAll());
        });

        visitor.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n" + size
                + "\r\nhello\r\n0\r\n\r\n");

        assertThat(visitor.readAll()).doesNotStartWith("HTTP/1.1 200");
        if (!heads.isEmpty()) {
            assertThat(body.get(5, TimeUnit.SECONDS)).doesNotContain("hello", "0\r\n\r\n");
        }
    }

    @Test
    void bodyOfManySmallChunks_isRelayedWithoutDepth() throws Exception {
        int chunks = 60_000;
        CompletableFuture<Integer> length = new CompletableFuture<>();
        Wire visitor = serving((wire, _) -> {
            record(wire);
            length.complete(wire.readUntil("\r\n0\r\n\r\n").length());
            wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + "1\r\na\r\n".repeat(chunks)
                    + "0\r\n\r\n");
        });

        visitor.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n");
        visitor.send("1\r\na\r\n".repeat(chunks) + "0\r\n\r\n");

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(visitor.readUntil("\r\n0\r\n\r\n")).hasSize(6 * chunks + 5);
        assertThat(length.get()).isEqualTo(6 * chunks + 5);
    }

    @Test
    void oversizedHeads_are414And431() throws Exception {
        Wire line = serving((wire, _) -> answer(wire, OK));
        line.send("GET /" + "a".repeat(9000) + " HTTP/1.1\r\nHost: app.test\r\n\r\n");
        assertThat(line.readAll()).startsWith("HTTP/1.1 414");

        Wire fields = visitor();
        fields.send("GET / HTTP/1.1\r\nHost: app.test\r\n" + "X: y\r\n".repeat(101) + "\r\n");
        assertThat(fields.readAll()).startsWith("HTTP/1.1 431");

        Wire bytes = visitor();
        bytes.send("GET / HTTP/1.1\r\nHost: app.test\r\nX: " + "y".repeat(33_000) + "\r\n\r\n");
        assertThat(bytes.readAll()).startsWith("HTTP/1.1 431");
    }

    @Test
    void upload_toASlowTarget_isHeldBack() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicLong received = new AtomicLong();
        int total = 64 << 20;
        Wire visitor = serving((wire, _) -> {
            record(wire);
            go.await();
            byte[] buffer = new byte[1 << 16];
            while (received.get() < total) {
                received.addAndGet(wire.input().read(buffer));
            }
            wire.send(OK);
        });
        visitor.send("PUT / HTTP/1.1\r\nHost: app.test\r\nContent-Length: " + total + "\r\n\r\n");
        AtomicLong sent = new AtomicLong();
        CompletableFuture<Void> upload = CompletableFuture.runAsync(() -> {
            byte[] piece = new byte[1 << 16];
            try {
                while (sent.get() < total) {
                    visitor.send(piece);
                    sent.addAndGet(piece.length);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });

        long before = -1;
        while (before != sent.get()) {
            before = sent.get();
            await(upload, 400);
        }
        assertThat(before).as("taken from a visitor whose target reads nothing").isLessThan(40 << 20);
        assertThat(upload).isNotDone();
        go.countDown();

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(received.get()).isEqualTo(total);
    }

    @Test
    void download_toASlowVisitor_isHeldBack() throws Exception {
        int total = 64 << 20;
        AtomicLong sent = new AtomicLong();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Wire visitor = serving((wire, _) -> {
            record(wire);
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + total + "\r\n\r\n");
            byte[] piece = new byte[1 << 16];
            while (sent.get() < total) {
                wire.send(piece);
                sent.addAndGet(piece.length);
            }
            done.complete(null);
        });
        visitor.send(get("/"));
        visitor.readHead();

        long before = -1;
        while (before != sent.get()) {
            before = sent.get();
            await(done, 400);
        }
        assertThat(before).as("taken from a target whose visitor reads nothing").isLessThan(40 << 20);

        long read = 0;
        byte[] buffer = new byte[1 << 16];
        while (read < total) {
            read += visitor.input().read(buffer);
        }
        assertThat(read).isEqualTo(total);
    }

    @Test
    void responseBeforeTheBodyHasEnded_closesBothConnections() throws Exception {
        Wire visitor = serving((wire, number) -> {
            record(wire);
            wire.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
            wire.readAll();
        });

        visitor.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1000000\r\n\r\nhello");

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 413").containsIgnoringCase("connection: close");
        assertThat(restOf(visitor)).isEmpty();
        Wire next = visitor();
        next.send(get("/"));
        next.readHead();
        assertThat(backend().accepted()).as("the first one never serves again").isEqualTo(2);
    }

    @Test
    void refusalDuringAnUpload_isReadWholeByAVisitorThatSendsOn() throws Exception {
        Wire visitor = serving((wire, _) -> answer(wire, OK));

        visitor.send("POST / HTTP/1.1\r\nHost: other.test\r\nContent-Length: 3000000\r\n\r\n");
        for (int i = 0; i < 30; i++) {
            visitor.send(new byte[100_000]);
        }

        assertThat(visitor.readAll()).startsWith("HTTP/1.1 404").endsWith("404 Not Found\n");
    }

    @Test
    void pooledConnectionThatTheTargetJustClosed_isRetriedForGet() throws Exception {
        CountDownLatch close = new CountDownLatch(1);
        Wire visitor = serving((wire, number) -> {
            answer(wire, OK);
            if (number == 1) {
                // Takes the second request and closes without a word: what a keep-alive timeout looks like.
                record(wire);
                close.countDown();
                return;
            }
            while (answer(wire, OK)) {}
        });
        visitor.send(get("/1"));
        visitor.readHead();
        visitor.read(2);

        visitor.send(get("/2"));

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(close.await(1, TimeUnit.SECONDS)).isTrue();
        assertThat(backend().accepted()).isEqualTo(2);
    }

    @Test
    void pooledConnectionThatBreaksUnderAPost_is502AndNotRetried() throws Exception {
        Wire visitor = serving((wire, number) -> {
            answer(wire, OK);
            record(wire);
        });
        visitor.send(get("/1"));
        visitor.readHead();
        visitor.read(2);

        visitor.send("POST /2 HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi");

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 502");
        assertThat(backend().accepted()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a\u0000b\r\nContent-Length: 0\r\n\r\n",
                "SSH-2.0-OpenSSH_9.2\r\n",
                ""
            })
    void responseOutOfForm_is502(String response) throws Exception {
        Wire visitor = serving((wire, _) -> answer(wire, response));

        visitor.send(message("GET / HTTP/1.1", "Host: app.test", "Connection: close"));

        assertThat(visitor.readAll()).startsWith("HTTP/1.1 502");
    }

    @Test
    void responseCutShort_doesNotLookComplete() throws Exception {
        Wire visitor =
                serving((wire, _) -> answer(wire, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));

        visitor.send(get("/"));

        assertThat(visitor.readHead()).startsWith("HTTP/1.1 200");
        assertThat(restOf(visitor)).doesNotContain("0\r\n");
    }

    @Test
    void targetThatIsDown_is502() throws Exception {
        int port;
        try (ServerSocket gone = new ServerSocket(0)) {
            port = gone.getLocalPort();
        }
        Wire visitor = servingFrom(port);

        visitor.send(message("GET / HTTP/1.1", "Host: app.test", "Connection: close"));

        assertThat(visitor.readAll()).startsWith("HTTP/1.1 502");
    }

    @Test
    void visitorThatLeaves_endsTheTargetsConnection() throws Exception {
        CompletableFuture<String> rest = new CompletableFuture<>();
        Wire visitor = serving((wire, _) -> {
            record(wire);
            rest.complete(wire.readAll());
        });
        visitor.send(get("/"));
        head();

        visitor.close();

        assertThat(rest.get(5, TimeUnit.SECONDS)).isEmpty();
    }
}
