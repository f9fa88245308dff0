package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class InnerPacketTest {
    @ParameterizedTest
    @CsvSource({"10.0.0.1, 10.0.0.2, 28", "fd00::1, fd00::2, 48"})
    void checkedLength_paddedPacket_isWhatThePacketSays(String from, String to, int length) {
        byte[] padded = java.util.Arrays.copyOf(packet(from, to, length, 0), length + 15);
        assertThat(InnerPacket.checkedLength(padded, 0, padded.length)).isEqualTo(length);
        assertThat(InnerPacket.checkedLength(padded, 0, length)).isEqualTo(length);
        assertThat(InnerPacket.checkedLength(padded, 0, length - 1)).isZero();
    }

    @Test
    void checkedLength_ofWhatIsNoIpPacket_isZero() {
        for (int version : new int[] {0, 1, 5, 7, 15}) {
            byte[] packet = packet("10.0.0.1", "10.0.0.2", 64, 0);
            packet[0] = (byte) (version << 4 | 5);
            assertThat(InnerPacket.checkedLength(packet, 0, 64))
                    .as("version %d", version)
                    .isZero();
        }
        assertThat(InnerPacket.checkedLength(packet("fd00::1", "fd00::2", 48, 0), 0, 39))
                .isZero();
        assertThat(InnerPacket.checkedLength(new byte[] {0x45}, 0, 1)).isZero();
        byte[] tooShort = packet("10.0.0.1", "10.0.0.2", 64, 0);
        tooShort[3] = 19;
        assertThat(InnerPacket.checkedLength(tooShort, 0, 64)).isZero();
    }

    /// The table of RFC 6040 §4.2, with -1 for a dropped packet.
    @ParameterizedTest
    @CsvSource({
        "0,0,0", "0,1,0", "0,2,0", "0,3,-1",
        "2,0,2", "2,1,1", "2,2,2", "2,3,3",
        "1,0,1", "1,1,1", "1,2,1", "1,3,3",
        "3,0,3", "3,1,3", "3,2,3", "3,3,3",
    })
    void decapsulateEcn_innerAndOuter_followTheRfc(int inner, int outer, int expected) {
        byte[] four = packet("10.0.0.1", "10.0.0.2", 64, 0);
        InnerPacket.ecn(four, 0, inner);
        byte[] six = packet("fd00::1", "fd00::2", 64, 0);
        InnerPacket.ecn(six, 0, inner);
        assertThat(InnerPacket.decapsulateEcn(four, 0, outer)).isEqualTo(expected >= 0);
        assertThat(InnerPacket.decapsulateEcn(six, 0, outer)).isEqualTo(expected >= 0);
        if (expected >= 0) {
            assertThat(InnerPacket.ecn(four, 0)).isEqualTo(expected);
            assertThat(InnerPacket.ecn(six, 0)).isEqualTo(expected);
            assertThat(Packets.sum(four)).isEqualTo(0xffff);
        }
    }
}
