package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.FrameWire.Answer;
import dev.culvert.dataplane.testing.FrameWire.Frame;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// attacks.md §4: what a stranger may try with frames. Nothing of it reaches the target, and who goes on is sent away.
/// What he may try with one request is [RequestTableTest]'s.
@Timeout(20)
class Http2AttackTest extends Http2Road {
    private static final int CALM = 11;
    private static final String GET = ":method|GET|:scheme|http|:path|/|:authority|app.test";

    private FrameWire answering() throws Exception {
        serving2((wire, _) -> {
            while (answer(wire, OK)) {}
        });
        return visitor2().greet();
    }

    @Test
    void body_longerOrShorterThanItsLength_isReset() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.readAll();
        });
        FrameWire visitor = visitor2().greet();

        visitor.post(1, "/", "content-length", "5").data(1, true, "hell");
        assertThat(visitor.answer(1).reset()).isEqualTo(1);
        visitor.post(3, "/", "content-length", "5").data(3, false, "hello!");
        assertThat(visitor.answer(3).reset()).isEqualTo(1);
    }

    /// Opens and resets until it is sent away.
    private static int resetsUntilSentAway(FrameWire visitor, int most) throws IOException {
        visitor.socket().setSoTimeout(5_000);
        int stream = 1;
        try {
            for (; stream < 2 * most; stream += 2) {
                visitor.get(stream, "/").reset(stream, 8);
            }
        } catch (IOException closed) {
            // Already.
        }
        return stream / 2;
    }

    @Test
    void rapidReset_isSentAwayAndCounted() throws Exception {
        FrameWire visitor = answering();

        resetsUntilSentAway(visitor, 2_000);

        Frame away = visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY);
        assertThat(away == null ? CALM : away.error()).isEqualTo(CALM);
        assertThat(count("http2.flood")).isPositive();
        visitor2().greet().close();
    }

    @Test
    void madeYouReset_isSentAwayAndCounted() throws Exception {
        FrameWire visitor = answering();
        try {
            for (int stream = 1; stream < 4_000; stream += 2) {
                // RFC 9113 §6.9: an increment of 0 is a stream error, so the reset is ours.
                visitor.post(stream, "/").window(stream, 0);
            }
        } catch (IOException closed) {
            // Already.
        }

        visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY);
        assertThat(count("http2.flood")).isPositive();
    }

    @ParameterizedTest
    @CsvSource({"4, 0, 0", "6, 0, 8", "2, 1, 5", "0, 1, 0", "8, 1, 4", "99, 0, 3"})
    void flood_ofFramesThatLeadToNothing_isSentAway(int type, int stream, int length) throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.readAll();
        });
        FrameWire visitor = visitor2().greet();
        visitor.post(1, "/");
        byte[] payload = new byte[length];
        if (length > 0) {
            payload[length - 1] = 3;
        }
        try {
            for (int i = 0; i < 20_000; i++) {
                visitor.frame(type, 0, stream, payload);
            }
        } catch (IOException closed) {
            // Already.
        }

        Frame away = visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY);
        assertThat(away == null ? CALM : away.error()).isEqualTo(CALM);
    }

    @ParameterizedTest
    @CsvSource({"0", "10"})
    void continuationFlood_isSentAway(int length) throws Exception {
        FrameWire visitor = answering();
        visitor.frame(FrameWire.HEADERS, FrameWire.END_STREAM, 1, FrameWire.block(":method", "GET"));
        try {
            for (int i = 0; i < 10_000; i++) {
                visitor.frame(FrameWire.CONTINUATION, 0, 1, new byte[length]);
            }
        } catch (IOException closed) {
            // Already.
        }

        Frame away = visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY);
        assertThat(away == null || away.error() != 0).isTrue();
        assertThat(heads).isEmpty();
    }

    @Test
    void fieldsBeyond32KiB_are431() throws Exception {
        FrameWire visitor = answering();

        visitor.headers(
                1,
                true,
                ":method",
                "GET",
                ":scheme",
                "http",
                ":path",
                "/",
                ":authority",
                "app.test",
                "x",
                "y".repeat(16_000));
        assertThat(visitor.answer(1).status()).isEqualTo("200");

        String[] fields = new String[8 + 400];
        System.arraycopy(GET.split("\\|", -1), 0, fields, 0, 8);
        for (int i = 8; i < fields.length; i += 2) {
            fields[i] = "x";
            fields[i + 1] = "y".repeat(60);
        }
        visitor.headers(3, true, fields);
        assertThat(visitor.answer(3).status()).isEqualTo("431");
    }

    /// RFC 7541 §6.1: one byte of a frame names 4 KiB of the table.
    @Test
    void hpackBomb_isRefusedAtTheListsBound() throws Exception {
        FrameWire visitor = answering();
        byte[] literal = FrameWire.block("x", "y".repeat(3_900));
        literal[0] = 0x40;
        byte[] get = FrameWire.block(GET.split("\\|", -1));
        byte[] bomb = new byte[get.length + literal.length + 2_000];
        System.arraycopy(get, 0, bomb, 0, get.length);
        System.arraycopy(literal, 0, bomb, get.length, literal.length);
        java.util.Arrays.fill(bomb, get.length + literal.length, bomb.length, (byte) 0xbe);

        visitor.frame(FrameWire.HEADERS, FrameWire.END_HEADERS | FrameWire.END_STREAM, 1, bomb);

        Answer answer = visitor.answer(1);
        assertThat(answer.status().equals("431") || answer.goAway() > 0 || answer.reset() > 0)
                .isTrue();
        assertThat(heads).isEmpty();
    }

    /// RFC 9113 §5.1.
    @Test
    void headOnAStreamWhoseRequestHasEnded_isReset() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.readAll();
        });
        FrameWire visitor = visitor2().greet();
        visitor.get(1, "/");
        head();

        visitor.get(1, "/");

        assertThat(visitor.answer(1).reset()).isEqualTo(5);
    }

    @Test
    void headOnAClosedStream_endsTheConnection() throws Exception {
        FrameWire visitor = answering();
        visitor.get(1, "/");
        visitor.answer(1);

        visitor.get(1, "/");

        assertThat(visitor.answer(1).goAway()).isEqualTo(5);
    }

    @Test
    void streamBelowAnEarlierOne_endsTheConnection() throws Exception {
        FrameWire visitor = answering();
        visitor.get(5, "/");
        visitor.answer(5);

        visitor.get(3, "/");

        assertThat(visitor.answer(3).goAway()).isEqualTo(5);
    }

    /// They may have been under way when the reset came.
    @Test
    void framesOnAStreamThatWasResetHere_areIgnored() throws Exception {
        serving2((wire, _) -> {
            while (answer(wire, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")) {}
        });
        FrameWire visitor = visitor2().greet();
        visitor.post(1, "/");
        assertThat(visitor.answer(1).status()).isEqualTo("413");
        visitor.readUntil(frame -> frame.is(FrameWire.RST_STREAM, 1));

        visitor.data(1, false, "more").data(1, true, "").get(3, "/");

        assertThat(visitor.answer(3).status()).isEqualTo("413");
    }

    @Test
    void streamsBeyond100_areRefused() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.readAll();
        });
        FrameWire visitor = visitor2().greet();
        for (int stream = 1; stream <= 203; stream += 2) {
            visitor.get(stream, "/");
        }

        Frame reset = Objects.requireNonNull(visitor.readUntil(frame -> frame.type() == FrameWire.RST_STREAM));
        assertThat(reset.error()).isEqualTo(7);
        assertThat(reset.stream()).isGreaterThan(200);
    }

    @Test
    void resetStream_keepsItsPlaceUntilTheTargetIsLetGo() throws Exception {
        serving2((wire, _) -> {
            record(wire);
            wire.readAll();
        });
        FrameWire visitor = visitor2().greet();
        visitor.get(1, "/");
        head();
        visitor.reset(1, 8).get(3, "/");
        assertThat(heads.poll(5, TimeUnit.SECONDS)).isNotNull();
        assertThat(count("http2.occupied")).isZero();
    }

    @Test
    void prefaceOfAnotherProtocol_endsTheConnection() throws Exception {
        serving2((wire, _) -> answer(wire, OK));
        FrameWire visitor = visitor2();
        visitor.socket().getOutputStream().write(get("/").getBytes(java.nio.charset.StandardCharsets.US_ASCII));

        visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY);
        assertThat(visitor.read()).isNull();
        assertThat(heads).isEmpty();
    }

    /// A response of many small frames, each acknowledged by two windows as many visitors do: of the stream, of the
    /// connection.
    @Test
    @Timeout(120)
    void windowForEachSmallFrame_isNoFlood() throws Exception {
        int pieces = 2_000;
        Semaphore next = new Semaphore(4);
        serving2((wire, _) -> {
            wire.readHead();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + 10 * pieces + "\r\n\r\n");
            for (int i = 0; i < pieces; i++) {
                next.acquire();
                wire.send("0123456789");
            }
        });
        FrameWire visitor = visitor2().greet().get(1, "/");

        int received = 0;
        while (received < 10 * pieces) {
            Frame frame = Objects.requireNonNull(visitor.readUntil(each -> each.is(FrameWire.DATA, 1)));
            received += frame.payload().length();
            visitor.window(1, frame.payload().length())
                    .window(0, frame.payload().length());
            next.release();
        }

        assertThat(count("http2.flood")).isZero();
    }

    /// The same frames are a flood where the visitor makes them small, by opening its window by so little.
    @Test
    void windowOfAByte_forEachByte_isAFlood() throws Exception {
        serving2((wire, _) -> {
            wire.readHead();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + "x".repeat(20_000));
            wire.readAll();
        });
        // SETTINGS_INITIAL_WINDOW_SIZE of 1
        FrameWire visitor = visitor2().greet((byte) 0, (byte) 4, (byte) 0, (byte) 0, (byte) 0, (byte) 1);
        visitor.get(1, "/");

        try {
            for (int i = 0; i < 20_000; i++) {
                visitor.window(1, 1);
            }
        } catch (IOException closed) {
            // Already.
        }

        visitor.readUntil(each -> each.type() == FrameWire.GOAWAY);
        assertThat(count("http2.flood")).isPositive();
    }

    /// Who cannot be told why it is sent away is not waited for.
    @Test
    void flood_ofAVisitorThatDoesNotRead_isReset() throws Exception {
        serving2((wire, _) -> {
            wire.readHead();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while (true) {
                wire.send("x".repeat(65_536));
            }
        });
        // SETTINGS_INITIAL_WINDOW_SIZE of 1 GiB
        FrameWire visitor = visitor2().greet((byte) 0, (byte) 4, (byte) 0x40, (byte) 0, (byte) 0, (byte) 0);
        visitor.window(0, 1 << 30).get(1, "/");
        // Of as much as the sockets between them hold.
        TimeUnit.SECONDS.sleep(2);

        long judged = 0;
        // A graceful end would wait for it for 5 s, and its TLS for 3 more.
        while (judged == 0 || System.nanoTime() - judged < TimeUnit.SECONDS.toNanos(4)) {
            try {
                visitor.frame(FrameWire.PRIORITY, 0, 1, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 3);
            } catch (IOException reset) {
                assertThat(count("http2.flood")).isPositive();
                return;
            }
            if (judged == 0 && count("http2.flood") > 0) {
                judged = System.nanoTime();
            }
        }
        fail("still there");
    }

    /// The target is long done: what lies is ours, and the more of it lies, the shorter it may.
    @Test
    @Timeout(120)
    void smallResponsesThatNobodyTakes_areResetAndCounted() throws Exception {
        serving2((wire, _) -> {
            while (answer(wire, OK)) {}
        });
        // SETTINGS_INITIAL_WINDOW_SIZE of 0
        FrameWire visitor = visitor2().greet((byte) 0, (byte) 4, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
        for (int stream = 1; stream < 200; stream += 2) {
            visitor.get(stream, "/");
        }

        visitor.socket().setSoTimeout(60_000);
        Frame away = visitor.readUntil(frame -> frame.type() == FrameWire.GOAWAY);
        assertThat(away == null ? CALM : away.error()).isEqualTo(CALM);
        assertThat(count("http.stalled")).isPositive();
    }
}
