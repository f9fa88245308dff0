package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.Http3Client;
import dev.culvert.dataplane.testing.Http3Client.Answer;
import dev.culvert.dataplane.testing.Http3Client.Exchange;
import dev.culvert.proto.quic.DatagramDrop;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.quic.QuicStreamType;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// attacks.md §4: what a stranger may try with datagrams, streams and frames. Nothing of it reaches the target, and who
/// goes on is sent away.
@Timeout(60)
class Http3AttackTest extends Http3Road {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private Http3Client visitor() throws Exception {
        answering(OK);
        return visitor("one.test");
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.dataplane.http.BentRequests#http3")
    void request_outOfForm_isRefusedAndNeverReachesTheTarget(String name, String expected, List<String> fields)
            throws Exception {
        try (Http3Client visitor = visitor()) {
            Answer answer = visitor.open(true, fields.toArray(new String[0])).answer();

            if (expected.equals("reset")) {
                assertThat(answer.reset()).as(name).isEqualTo(Http3ErrorCode.H3_MESSAGE_ERROR.code());
            } else {
                assertThat(answer.status()).as(name).isEqualTo(expected);
            }
            assertThat(heads).isEmpty();
            assertThat(visitor.get("one.test", "/").status())
                    .as("the connection goes on")
                    .isEqualTo("200");
        }
    }

    @Test
    void fieldsBeyond32KiB_are431_andBeyond40KiB_endTheConnection() throws Exception {
        try (Http3Client visitor = visitor()) {
            String large = "x".repeat(33 * 1024);
            assertThat(visitor.open(true, fields("GET", "/", "x", large))
                            .answer()
                            .status())
                    .isEqualTo("431");
            visitor.open(true, fields("GET", "/", "x", large + large));
            assertThat(visitor.closed()).isEqualTo(Http3ErrorCode.H3_EXCESSIVE_LOAD.code());
        }
        assertThat(heads).isEmpty();
        assertThat(count("http3.error.TOO_MUCH")).isEqualTo(1);
    }

    @Test
    void rapidReset_isSentAwayAndCounted() throws Exception {
        try (Http3Client visitor = visitor()) {
            int opened = 0;
            for (int i = 0; i < 2000 && opened < 300 && visitor.connection().isActive(); i++) {
                if (visitor.connection().peerAllowedStreams(QuicStreamType.BIDIRECTIONAL) > 0) {
                    Exchange post = visitor.open(false, fields("POST", "/"));
                    post.stream().shutdown(Http3ErrorCode.H3_REQUEST_CANCELLED.code());
                    opened++;
                } else {
                    // More are allowed as resets arrive.
                    visitor.connection()
                            .eventLoop()
                            .schedule(() -> {}, 10, TimeUnit.MILLISECONDS)
                            .get();
                }
            }
            assertThat(counted("http3.flood", 1)).isEqualTo(1);
            assertThat(visitor.closed()).isNotEqualTo(Http3ErrorCode.H3_NO_ERROR.code());
        }
        try (Http3Client other = visitor("one.test")) {
            assertThat(other.get("one.test", "/").status()).isEqualTo("200");
        }
    }

    /// Each is a frame as it stands on a request stream, behind a head.
    @ParameterizedTest
    @CsvSource({"empty DATA, 0000", "reserved frames, 404000", "reserved frames with a body, 404001ff"})
    void flood_ofFramesThatLeadToNothing_isSentAway(String name, String frame) throws Exception {
        serving((wire, _) -> {
            record(wire);
            wire.readAll();
        });
        try (Http3Client visitor = visitor("one.test")) {
            Exchange post = visitor.open(false, fields("POST", "/"));
            byte[] one = HexFormat.of().parseHex(frame);
            byte[] many = new byte[one.length * 1000];
            for (int i = 0; i < many.length; i++) {
                many[i] = one[i % one.length];
            }
            post.raw(many);

            assertThat(visitor.closed()).as(name).isEqualTo(Http3ErrorCode.H3_EXCESSIVE_LOAD.code());
        }
        assertThat(count("http3.flood")).isEqualTo(1);
    }

    /// Bytes of a stream of one way, the first of which say what it is (RFC 9114 §6.2, RFC 9204 §4.2).
    @ParameterizedTest
    @CsvSource({
        "a second control stream, 000400, H3_STREAM_CREATION_ERROR",
        "an insertion into the table that is not there, 023fe11f, QPACK_ENCODER_STREAM_ERROR",
        "a push stream, 0100, H3_STREAM_CREATION_ERROR"
    })
    void oneWayStream_outOfForm_endsTheConnection(String name, String bytes, Http3ErrorCode expected) throws Exception {
        try (Http3Client visitor = visitor()) {
            assertThat(visitor.get("one.test", "/").status()).isEqualTo("200");

            visitor.oneWay(HexFormat.of().parseHex(bytes));

            assertThat(visitor.closed()).as(name).isEqualTo(expected.code());
        }
    }

    /// A section of fields that refers to an entry of the dynamic table (RFC 9204 §4.5).
    @Test
    void qpackReference_toATableThatIsNotThere_endsTheConnection() throws Exception {
        try (Http3Client visitor = visitor()) {
            Exchange get = visitor.bare();

            get.raw(HexFormat.of().parseHex("0103020080"));

            assertThat(visitor.closed()).isEqualTo(Http3ErrorCode.QPACK_DECOMPRESSION_FAILED.code());
        }
        assertThat(count("http3.error.QPACK")).isEqualTo(1);
    }

    @Test
    void dataBeforeAHead_endsTheConnection() throws Exception {
        try (Http3Client visitor = visitor()) {
            visitor.bare().raw(HexFormat.of().parseHex("000161"));

            assertThat(visitor.closed()).isEqualTo(Http3ErrorCode.H3_FRAME_UNEXPECTED.code());
        }
    }

    @Test
    void streamsBeyond100_waitForOthersToEnd() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        serving((wire, _) -> {
            record(wire);
            go.get(15, TimeUnit.SECONDS);
            wire.send(OK);
        });
        try (Http3Client visitor = visitor("one.test")) {
            for (int i = 0; i < 100; i++) {
                visitor.open(true, fields("GET", "/"));
            }
            assertThat(visitor.connection().peerAllowedStreams(QuicStreamType.BIDIRECTIONAL))
                    .isZero();
            assertThatThrownBy(() -> visitor.open(true, fields("GET", "/"))).isNotNull();
            go.complete(null);
        }
    }

    @Test
    void handshake_forANameThatIsNotServed_fails() throws Exception {
        answering(OK);

        assertThatThrownBy(() -> visitor("three.test")).isNotNull();
        assertThatThrownBy(() -> Http3Client.connect(at(), "one.test", Http3Client.context("h2")))
                .isNotNull();

        assertThat(count("quic.unknown-name")).isEqualTo(1);
        assertThat(counted("quic.failed", 2)).isGreaterThanOrEqualTo(2);
        assertThat(heads).isEmpty();
    }

    @Test
    void handshakes_whileManyAreUnderWay_proveTheirAddress() throws Exception {
        System.setProperty("culvert.quic.crowded", "0");
        try (Http3Client visitor = visitor()) {
            assertThat(visitor.get("one.test", "/").status()).isEqualTo("200");
            assertThat(count("quic.retry")).isEqualTo(1);
        } finally {
            System.clearProperty("culvert.quic.crowded");
        }
    }

    @Test
    void datagrams_thatAreNoVisitors_getNothing_andAreCounted() throws Exception {
        try (Http3Client visitor = visitor();
                DatagramSocket stranger = stranger()) {
            assertThat(visitor.get("one.test", "/").status()).isEqualTo("200");

            send(stranger, "40" + "00".repeat(40), 60);
            send(stranger, "00", 1200);
            send(stranger, "c0000000010801020304050607080000", 600);
            send(stranger, "474554202f", 5);
            assertThat(answers(stranger)).isZero();
            assertThat(count("quic.dropped." + DatagramDrop.UNKNOWN_CONNECTION)).isEqualTo(1);
            assertThat(count("quic.dropped." + DatagramDrop.NO_FIXED_BIT)).isEqualTo(1);
            assertThat(count("quic.dropped." + DatagramDrop.SMALL_INITIAL)).isEqualTo(1);
            assertThat(count("quic.dropped." + DatagramDrop.TOO_SHORT)).isEqualTo(1);

            // RFC 9000 §6: what is large enough is told the versions that are spoken.
            send(stranger, "c01a2a3a4a08010203040506070800", 1200);
            assertThat(answers(stranger)).isBetween(1, 100);
            assertThat(count("quic.other-version")).isEqualTo(1);
            assertThat(visitor.get("one.test", "/").status()).isEqualTo("200");
        }
    }

    /// RFC 9000 §8.1: an address that nobody has proved gets three times what came from it at most.
    @Test
    void initial_ofSomebodyWhoFallsSilent_isAnsweredThreefoldAtMost() throws Exception {
        answering(OK);
        byte[] initial;
        try (DatagramSocket trap = stranger()) {
            CompletableFuture<byte[]> first = new CompletableFuture<>();
            first.completeAsync(() -> receive(trap));
            assertThatThrownBy(() -> Http3Client.connect(
                            new InetSocketAddress(trap.getLocalAddress(), trap.getLocalPort()), "one.test"))
                    .isNotNull();
            initial = first.get(5, TimeUnit.SECONDS);
        }
        try (DatagramSocket stranger = stranger()) {
            stranger.send(new DatagramPacket(initial, initial.length, at()));

            assertThat(answers(stranger)).isBetween(1, 3 * initial.length);
        }
    }

    private static byte[] receive(DatagramSocket socket) {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
            socket.receive(packet);
            return Arrays.copyOf(packet.getData(), packet.getLength());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static DatagramSocket stranger() throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        socket.setSoTimeout(1_500);
        return socket;
    }

    private void send(DatagramSocket from, String begin, int length) throws IOException {
        byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex(begin), length);
        from.send(new DatagramPacket(bytes, bytes.length, at()));
    }

    /// How many bytes come until nothing more does.
    private static int answers(DatagramSocket to) throws IOException {
        int bytes = 0;
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
                to.receive(packet);
                bytes += packet.getLength();
            }
        } catch (SocketTimeoutException end) {
            return bytes;
        }
    }
}
