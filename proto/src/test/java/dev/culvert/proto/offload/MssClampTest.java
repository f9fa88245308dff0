package dev.culvert.proto.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class MssClampTest {
    private static final int[] USUAL = {2, 4, 1460 >>> 8, 1460 & 0xff, 4, 2, 1, 3, 3, 7, 0, 0};

    private static byte[] four(int flags, int... options) {
        byte[] packet = new byte[Ipv4Header.LENGTH + TcpHeader.LENGTH + options.length];
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, 0x0a4d0001, 0x0a4d0002);
        return tcp(packet, Ipv4Header.LENGTH, flags, options);
    }

    private static byte[] six(int flags, int... options) {
        byte[] packet = new byte[Ipv6Header.LENGTH + TcpHeader.LENGTH + options.length];
        Ipv6Header.write(
                packet, 0, packet.length - Ipv6Header.LENGTH, IpProtocol.TCP, 0xfd77L << 48, 1, 0xfd77L << 48, 2);
        return tcp(packet, Ipv6Header.LENGTH, flags, options);
    }

    private static byte[] tcp(byte[] packet, int at, int flags, int... options) {
        int length = packet.length - at;
        TcpHeader.write(packet, at, 40_000, 443, 7, 0, TcpHeader.LENGTH + options.length, flags, 64_000);
        for (int i = 0; i < options.length; i++) {
            packet[at + TcpHeader.LENGTH + i] = (byte) options[i];
        }
        TcpHeader.writeChecksum(packet, at, length, pseudo(packet));
        return packet;
    }

    private static long pseudo(byte[] packet) {
        boolean four = packet[0] >>> 4 == 4;
        return (long) IpProtocol.TCP + InternetChecksum.sum(packet, four ? 12 : 8, four ? 8 : 32);
    }

    private static void assertRightChecksum(byte[] packet) {
        int at = packet[0] >>> 4 == 4 ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        int length = packet.length - at;
        long sum = pseudo(packet) + length + InternetChecksum.sum(packet, at, length);
        assertThat(InternetChecksum.fold(sum)).isEqualTo(0xffff);
    }

    @Test
    void syn_thatAnnouncesMore_isLoweredInBothFamilies() {
        byte[] packet = four(TcpHeader.SYN, USUAL);
        byte[] packet6 = six(TcpHeader.SYN | TcpHeader.ACK, USUAL);

        assertThat(MssClamp.isSyn(packet, 0, packet.length)).isTrue();
        assertThat(MssClamp.clamp(packet, 0, packet.length, 1280)).isTrue();
        assertThat(MssClamp.isSyn(packet6, 0, packet6.length)).isTrue();
        assertThat(MssClamp.clamp(packet6, 0, packet6.length, 1280)).isTrue();

        assertThat(NetworkOrder.u16(packet, 42)).isEqualTo(1240);
        assertThat(NetworkOrder.u16(packet6, 62)).isEqualTo(1220);
        assertRightChecksum(packet);
        assertRightChecksum(packet6);
    }

    @Test
    void optionAtAnOddPlace_keepsTheChecksumRight() {
        byte[] packet = four(TcpHeader.SYN, 1, 2, 4, 5, 0xb4, 1, 1, 0);

        assertThat(MssClamp.clamp(packet, 0, packet.length, 1300)).isTrue();

        assertThat(NetworkOrder.u16(packet, 43)).isEqualTo(1260);
        assertRightChecksum(packet);
    }

    @Test
    void whatIsNoSynOrFits_staysAsItIs() {
        byte[] data = four(TcpHeader.ACK, USUAL);
        byte[] fits = four(TcpHeader.SYN, USUAL);
        byte[] silent = four(TcpHeader.SYN, 1, 3, 3, 7);
        byte[] later = four(TcpHeader.SYN, USUAL);
        NetworkOrder.put16(later, 6, 100);
        byte[] datagram = four(TcpHeader.SYN, USUAL);
        datagram[9] = IpProtocol.UDP;

        assertThat(MssClamp.isSyn(data, 0, data.length)).isFalse();
        assertThat(MssClamp.clamp(fits, 0, fits.length, 1500)).isFalse();
        assertThat(MssClamp.clamp(silent, 0, silent.length, 1280)).isFalse();
        assertThat(MssClamp.isSyn(later, 0, later.length)).isFalse();
        assertThat(MssClamp.isSyn(datagram, 0, datagram.length)).isFalse();
    }

    @Test
    void bentOptions_areNotReadBeyondTheirEnd() {
        Random random = new Random(23);
        for (int i = 0; i < 200_000; i++) {
            byte[] packet = random.nextBoolean() ? four(TcpHeader.SYN, USUAL) : six(TcpHeader.SYN, USUAL);
            for (int bent = 0; bent < 4; bent++) {
                packet[random.nextInt(packet.length)] = (byte) random.nextInt();
            }
            int length = 1 + random.nextInt(packet.length);
            byte[] exact = java.util.Arrays.copyOf(packet, length);
            if (MssClamp.isSyn(exact, 0, length)) {
                MssClamp.clamp(exact, 0, length, 1280);
            }
        }
    }
}
