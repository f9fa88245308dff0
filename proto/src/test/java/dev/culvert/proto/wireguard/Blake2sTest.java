package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Vectors: RFC 7693 appendices B and E; the keyed one of 16 bytes was made with Python's hashlib.
final class Blake2sTest {
    @Test
    void finish_ofAbc_isTheOneOfTheRfc() {
        assertThat(hex(Kdf.hash("abc".getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    }

    @Test
    void finish_overAllLengthsKeyedAndNot_passesTheRfcsSelfTest() {
        Blake2s grand = new Blake2s().start(32);
        for (int output : new int[] {16, 20, 28, 32}) {
            for (int input : new int[] {0, 3, 64, 65, 255, 1024}) {
                byte[] text = sequence(input, input);
                grand.update(new Blake2s().start(output).update(text).finish());
                byte[] key = sequence(output, output);
                grand.update(new Blake2s().start(output, key).update(text).finish());
            }
        }
        assertThat(hex(grand.finish())).isEqualTo("6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe");
    }

    @Test
    void update_inAnyPieces_isTheSame() {
        byte[] text = ascending(200);
        byte[] whole = Kdf.hash(text);
        Blake2s digest = new Blake2s();
        for (int piece = 1; piece <= 200; piece++) {
            digest.start(32);
            for (int at = 0; at < 200; at += piece) {
                digest.update(text, at, Math.min(piece, 200 - at));
            }
            assertThat(digest.finish()).as("pieces of %d", piece).isEqualTo(whole);
        }
    }

    @Test
    void finish_keyedWith16Bytes_isTheMacOfTheProtocol() {
        assertThat(hex(new Blake2s()
                        .start(16, ascending(32))
                        .update(ascending(100))
                        .finish()))
                .isEqualTo("0b67d33f8b859c3157fbabd9e6e47ed0");
    }

    @Test
    void start_fromACompressedKey_isTheSameAsFromTheKey() {
        Blake2s digest = new Blake2s();
        for (int keyBytes : new int[] {1, 16, 32}) {
            int[] keyed = digest.keyed(16, ascending(keyBytes));
            for (int length : new int[] {1, 63, 64, 65, 116, 200}) {
                byte[] direct = digest.start(16, ascending(keyBytes))
                        .update(ascending(length))
                        .finish();
                assertThat(digest.start(16, keyed).update(ascending(length)).finish())
                        .as("%d bytes of key, %d of text", keyBytes, length)
                        .isEqualTo(direct);
            }
        }
    }

    private static byte[] ascending(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    /// The Fibonacci generator of RFC 7693 appendix E.
    private static byte[] sequence(int length, int seed) {
        byte[] bytes = new byte[length];
        int a = 0xdead4bad * seed;
        int b = 1;
        for (int i = 0; i < length; i++) {
            int next = a + b;
            a = b;
            b = next;
            bytes[i] = (byte) (next >>> 24);
        }
        return bytes;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
