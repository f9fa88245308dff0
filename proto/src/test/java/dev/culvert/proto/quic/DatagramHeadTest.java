package dev.culvert.proto.quic;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every row is what a stranger may send to the port; the layouts are those of RFC 9000 §17.
class DatagramHeadTest {
    // Ids that begin with these two bytes were given out.
    private static final DatagramHead.Own OURS = (datagram, at) -> datagram.getShort(at) == 0x0b0b;
    private static final String ID = "0b0b000000000000000000000000000b";

    private final DatagramHead head = new DatagramHead();

    private static ByteBuffer datagram(String hex, int length) {
        byte[] bytes = new byte[length];
        byte[] begin = HexFormat.of().parseHex(hex.replace(" ", ""));
        System.arraycopy(begin, 0, bytes, 0, Math.min(begin.length, length));
        return ByteBuffer.wrap(bytes);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "nothing; ''; 0; TOO_SHORT",
                "20 bytes; 40; 20; TOO_SHORT",
                "text; 47455420; 100; UNKNOWN_CONNECTION",
                "a DNS question; 1234 0100; 60; NO_FIXED_BIT",
                "zeros; 00; 1200; NO_FIXED_BIT",
                "short header of nobody; 40 0a0b; 60; UNKNOWN_CONNECTION",
                "long header without the fixed bit; 80 00000001 08 0102030405060708 00; 1200; NO_FIXED_BIT",
                "small Initial; c0 00000001 08 0102030405060708 00; 1199; SMALL_INITIAL",
                "id of 7 bytes; c0 00000001 07 01020304050607 00; 1200; SHORT_ID",
                "no id; c0 00000001 00 00; 1200; SHORT_ID",
                "id of 21 bytes; c0 00000001 15; 1200; MALFORMED",
                "second id of 21 bytes; c0 00000001 08 0102030405060708 15; 1200; MALFORMED",
                "id beyond the end; c0 00000001 14; 22; MALFORMED",
                "second id beyond the end; c0 00000001 08 0102030405060708 14; 30; MALFORMED",
                "other version, small; c0 1a2a3a4a 08 0102030405060708 00; 1199; SMALL_OTHER_VERSION",
                "other version, ids beyond the end; c0 1a2a3a4a ff; 200; SMALL_OTHER_VERSION",
                "version negotiation; c0 00000000 08 0102030405060708 00; 1200; FROM_A_SERVER",
                "Retry; f0 00000001 08 0102030405060708 00; 1200; FROM_A_SERVER",
                "0-RTT; d0 00000001 08 0102030405060708 00; 1200; UNKNOWN_CONNECTION",
                "Handshake of nobody; e0 00000001 10 0a0b000000000000000000000000000b 00; 100; UNKNOWN_CONNECTION",
                "Handshake with a short id; e0 00000001 08 0b0b000000000000 00; 100; UNKNOWN_CONNECTION"
            })
    void read_whatGoesNoFurther_hasAReason(String name, String hex, int length, DatagramDrop expected) {
        assertThat(head.read(datagram(hex, length), OURS)).as(name).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "Initial; c0 00000001 08 0102030405060708 00; 1200; INITIAL; false",
                "Initial with our id; c0 00000001 10 " + ID + " 00; 1200; INITIAL; true",
                "Handshake; e0 00000001 10 " + ID + " 00; 100; CONNECTION; false",
                "short header; 40 " + ID + "; 40; CONNECTION; false",
                "other version; c0 1a2a3a4a 08 0102030405060708 00; 1200; OTHER_VERSION; false",
                "other version, long ids; c0 1a2a3a4a 20; 1200; OTHER_VERSION; false"
            })
    void read_whatMayBeQuic_goesOn(String name, String hex, int length, DatagramHead.Kind kind, boolean own) {
        assertThat(head.read(datagram(hex, length), OURS)).as(name).isNull();
        assertThat(head.kind()).isEqualTo(kind);
        assertThat(head.kind() == DatagramHead.Kind.INITIAL && head.isOwn()).isEqualTo(own);
    }

    @Test
    void read_anyBytes_neverThrows() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[random.nextInt(1300)];
            random.nextBytes(bytes);
            if (bytes.length > 5 && random.nextBoolean()) {
                bytes[0] |= (byte) 0xc0;
                bytes[1] = 0;
                bytes[2] = 0;
                bytes[3] = 0;
                bytes[4] = 1;
            }
            DatagramDrop drop = head.read(ByteBuffer.wrap(bytes), OURS);
            assertThat(drop != null || bytes.length >= 21).isTrue();
        }
    }
}
