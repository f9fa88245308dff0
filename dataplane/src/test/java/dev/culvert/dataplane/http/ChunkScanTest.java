package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// RFC 9112 §7.1 without the leniency that it allows; attacks.md H1-09 and H1-10.
class ChunkScanTest {
    private final ChunkScan scan = new ChunkScan();

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text.replace("~", "\r\n"), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0~~",
                "5~hello~0~~",
                "0005~hello~000~~",
                "A~0123456789~0~~",
                "5;name=value;other=\"a;b\"~hello~0;last~~",
                "5~hello~0~X: y~Z: w~~",
                "5~he\r\no~0~~"
            })
    void take_bodyInForm_isTakenToItsEndAndNoFurther(String body) {
        ByteBuf in = bytes(body + "GET / HTTP/1.1~");
        int end = in.writerIndex() - "GET / HTTP/1.1\r\n".length();

        assertThat(scan.take(in, 0)).isEqualTo(end);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0x5~hello~0~~",
                "+5~hello~0~~",
                "-5~hello~0~~",
                " 5~hello~0~~",
                "5 ~hello~0~~",
                "5_~hello~0~~",
                "5\nhello~0~~",
                "~hello~0~~",
                ";x~hello~0~~",
                "00000000000000005~hello~0~~",
                "8000000000000000~hello~0~~",
                "ffffffffffffffff~hello~0~~",
                "5;a\nb~hello~0~~",
                "5;a\rb~hello~0~~",
                "5;\"~\"~hello~0~~",
                "5;a\0~hello~0~~",
                "5~hello\n0~~",
                "5~hello!~0~~",
                "5~hel~0~~~!",
                "5~hello~0\n\n",
                "5~hello~0~X: y~ z~~",
                "5~hello~0~X: y\n~"
            })
    void take_bodyOutOfForm_isRefused(String body) {
        assertThat(scan.take(bytes(body), 0)).isNegative();
    }

    @Test
    void take_byteByByte_endsWhereAllAtOnceDoes() {
        ByteBuf in = bytes("5;x=1~hello~10~0123456789abcdef~0~X: y~~GET");
        int at = 0;
        for (int limit = 1; limit <= in.capacity(); limit++) {
            in.writerIndex(limit);
            at = scan.take(in, at);
        }

        assertThat(at).isEqualTo(in.capacity() - 3);
    }

    @Test
    void take_extensionsBeyond16KiB_areRefused() {
        String chunk = "1;" + "x".repeat(8 * 1024) + "~a~";

        assertThat(scan.take(bytes(chunk), 0)).isPositive();
        assertThat(scan.take(bytes(chunk), 0)).isPositive();
        assertThat(scan.take(bytes(chunk), 0)).isNegative();
    }
}
