package dev.culvert.proto.inet;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HostUnreachableTest {
    private static final int FROM = 0x0a4d0001;
    private static final int TO = 0x0a4d0063;
    private static final long NET6 = 0xfd77L << 48;

    private final byte[] out = new byte[HostUnreachable.LONGEST];

    private static byte[] four(int protocol, int from, int to, int payload, int firstByte) {
        byte[] packet = new byte[Ipv4Header.LENGTH + payload];
        Ipv4Header.write(packet, 0, packet.length, protocol, from, to);
        packet[Ipv4Header.LENGTH] = (byte) firstByte;
        return packet;
    }

    private static byte[] six(long toHigh, long toLow, int payload, int firstByte) {
        byte[] packet = new byte[Ipv6Header.LENGTH + payload];
        Ipv6Header.write(packet, 0, payload, IpProtocol.ICMPV6, NET6, 1, toHigh, toLow);
        packet[Ipv6Header.LENGTH] = (byte) firstByte;
        return packet;
    }

    private int answer(byte[] packet) {
        return HostUnreachable.write(packet, 0, packet.length, out, 0);
    }

    @Test
    void packetOfIpv4_isAnsweredAsByItsDestination_withThePacket() {
        byte[] packet = four(IpProtocol.ICMP, FROM, TO, 64, IcmpHeader.V4_ECHO_REQUEST);

        assertThat(answer(packet)).isEqualTo(20 + 8 + packet.length);

        assertThat(NetworkOrder.i32(out, 12)).isEqualTo(TO);
        assertThat(NetworkOrder.i32(out, 16)).isEqualTo(FROM);
        assertThat(NetworkOrder.u16(out, 20)).isEqualTo(IcmpHeader.V4_UNREACHABLE << 8 | 1);
        assertThat(InternetChecksum.sum(out, 0, 20)).isEqualTo(0xffff);
        assertThat(InternetChecksum.sum(out, 20, 8 + packet.length)).isEqualTo(0xffff);
        assertThat(java.util.Arrays.copyOfRange(out, 28, 28 + packet.length)).isEqualTo(packet);
    }

    @Test
    void packetOfIpv6_isAnsweredWithItsChecksum() {
        byte[] packet = six(NET6, 99, 64, IcmpHeader.V6_ECHO_REQUEST);

        assertThat(answer(packet)).isEqualTo(40 + 8 + packet.length);

        assertThat(NetworkOrder.i64(out, 16)).isEqualTo(99);
        assertThat(NetworkOrder.i64(out, 32)).isEqualTo(1);
        assertThat(NetworkOrder.u16(out, 40)).isEqualTo(IcmpHeader.V6_UNREACHABLE << 8 | 3);
        int length = 8 + packet.length;
        long sum = InternetChecksum.sum(out, 8, 32)
                + (long) IpProtocol.ICMPV6
                + length
                + InternetChecksum.sum(out, 40, length);
        assertThat(InternetChecksum.fold(sum)).isEqualTo(0xffff);
    }

    @Test
    void largePacket_isQuotedAsFarAsTheLeastMtuPermits() {
        assertThat(answer(four(IpProtocol.UDP, FROM, TO, 1400, 0))).isEqualTo(576);
        assertThat(answer(six(NET6, 99, 1400, IcmpHeader.V6_ECHO_REQUEST))).isEqualTo(1280);
    }

    @Test
    void whatNobodyMustAnswer_isNot() {
        byte[] fragment = four(IpProtocol.UDP, FROM, TO, 64, 0);
        NetworkOrder.put16(fragment, 6, 8);

        assertThat(answer(fragment)).isZero();
        assertThat(answer(four(IpProtocol.ICMP, FROM, TO, 64, IcmpHeader.V4_UNREACHABLE)))
                .isZero();
        assertThat(answer(four(IpProtocol.UDP, FROM, 0xe00000fb, 64, 0))).isZero();
        assertThat(answer(four(IpProtocol.UDP, FROM, -1, 64, 0))).isZero();
        assertThat(answer(four(IpProtocol.UDP, 0, TO, 64, 0))).isZero();
        assertThat(answer(six(NET6, 99, 64, IcmpHeader.V6_UNREACHABLE))).isZero();
        assertThat(answer(six(0xff02L << 48, 2, 64, IcmpHeader.V6_ECHO_REQUEST)))
                .isZero();
        assertThat(answer(six(0, 1, 64, IcmpHeader.V6_ECHO_REQUEST))).isZero();
    }
}
