package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Vectors: RFC 8439 §2.5.2 and appendix A.3, numbers 7 to 11; else the definition of §2.5.1 in large numbers.
final class Poly1305Test {
    private static final BigInteger P = BigInteger.TWO.pow(130).subtract(BigInteger.valueOf(5));
    private static final BigInteger CLAMP = new BigInteger("0ffffffc0ffffffc0ffffffc0fffffff", 16);
    private static final String ZERO = "00".repeat(16);
    private static final String TWO = "02" + "00".repeat(15);
    private static final String FOUR_ONE = "01000000000000000400000000000000";
    private static final String BLOCKS =
            "e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000" + "0000000000000000";

    @Test
    void message_ofTheRfc_hasItsTag() {
        byte[] key = hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b");
        byte[] message = "Cryptographic Forum Research Group".getBytes(StandardCharsets.US_ASCII);
        // A part of a block takes a one of its own, which the construction of §2.8 never has: the oracle's, not ours.
        assertThat(oracle(key, message, false)).isEqualTo(hex("a8061dc1305136c6c22b8baf0c0127a9"));
    }

    @Test
    void blocks_atTheEdgesOfCarries_haveTheTagsOfTheRfc() {
        assertThat(tag(TWO + ZERO, "ff".repeat(16))).isEqualTo("03" + "00".repeat(15));
        assertThat(tag(TWO + "ff".repeat(16), TWO)).isEqualTo("03" + "00".repeat(15));
        assertThat(tag(TWO + ZERO, "fd" + "ff".repeat(15))).isEqualTo("fa" + "ff".repeat(15));
        assertThat(tag(FOUR_ONE + ZERO, BLOCKS + "01" + "00".repeat(15))).isEqualTo("14000000000000005500000000000000");
        assertThat(tag(FOUR_ONE + ZERO, BLOCKS)).isEqualTo("13" + "00".repeat(15));
    }

    @Test
    void anyMessage_hasTheTagOfTheDefinition() {
        long seed = 8439;
        Random random = new Random(seed);
        Poly1305 poly = new Poly1305();
        for (int i = 0; i < 3000; i++) {
            byte[] key = new byte[32];
            byte[] message = new byte[random.nextInt(i % 50 == 0 ? 3000 : 200)];
            random.nextBytes(key);
            random.nextBytes(message);
            // Ones and zeros in rows are what carries run through.
            if (i % 3 == 0) {
                Arrays.fill(message, random.nextInt(message.length + 1), message.length, (byte) (i % 2 == 0 ? -1 : 0));
            }
            if (i % 5 == 0) {
                Arrays.fill(key, 0, 16, (byte) -1);
            }
            assertThat(tag(poly, key, message))
                    .as("seed %s, message %s", seed, i)
                    .isEqualTo(oracle(key, message, true));
        }
    }

    private static String tag(String key, String message) {
        return HexFormat.of().formatHex(tag(new Poly1305(), hex(key), hex(message)));
    }

    private static byte[] tag(Poly1305 poly, byte[] key, byte[] message) {
        byte[] shifted = new byte[message.length + 3];
        System.arraycopy(message, 0, shifted, 3, message.length);
        poly.start(key);
        poly.padded(shifted, 3, message.length);
        poly.finish();
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(poly.tagLow())
                .putLong(poly.tagHigh())
                .array();
    }

    private static byte[] oracle(byte[] key, byte[] message, boolean padded) {
        BigInteger r = number(key, 0, 16).and(CLAMP);
        BigInteger sum = BigInteger.ZERO;
        for (int at = 0; at < message.length; at += 16) {
            int length = Math.min(16, message.length - at);
            BigInteger block = number(message, at, length).setBit(padded ? 128 : 8 * length);
            sum = sum.add(block).multiply(r).mod(P);
        }
        byte[] tag = new byte[16];
        BigInteger number = sum.add(number(key, 16, 16));
        for (int i = 0; i < 16; i++) {
            tag[i] = number.shiftRight(8 * i).byteValue();
        }
        return tag;
    }

    private static BigInteger number(byte[] bytes, int offset, int length) {
        byte[] reversed = new byte[length];
        for (int i = 0; i < length; i++) {
            reversed[i] = bytes[offset + length - 1 - i];
        }
        return new BigInteger(1, reversed);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
