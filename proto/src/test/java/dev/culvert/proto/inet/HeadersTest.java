package dev.culvert.proto.inet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Each header is read as it was written.
final class HeadersTest {
    private static final int AT = 3;
    private final byte[] bytes = new byte[100];

    @Test
    void ipv4_writtenAndRead_isTheSame() {
        Ipv4Header.write(bytes, AT, 90, IpProtocol.UDP, 0x0a000001, 0xc0a80102);
        Ipv4Header header = new Ipv4Header();
        assertThat(header.check(bytes, AT, 97)).isTrue();
        assertThat(header.isChecksumValid()).isTrue();
        assertThat(header.headerLength()).isEqualTo(20);
        assertThat(header.totalLength()).isEqualTo(90);
        assertThat(header.protocol()).isEqualTo(IpProtocol.UDP);
        assertThat(header.source()).isEqualTo(0x0a000001);
        assertThat(header.destination()).isEqualTo(0xc0a80102);
        assertThat(header.timeToLive()).isEqualTo(64);
        assertThat(header.isFragment()).isFalse();
        assertThat(header.payloadOffset()).isEqualTo(AT + 20);
        assertThat(header.payloadLength()).isEqualTo(70);
        assertThat(header.check(bytes, AT, 89)).isFalse();
    }

    @Test
    void ipv6_writtenAndRead_isTheSame() {
        Ipv6Header.write(bytes, AT, 50, IpProtocol.TCP, 1, 2, 3, 4);
        Ipv6Header header = new Ipv6Header();
        assertThat(header.check(bytes, AT, 97)).isTrue();
        assertThat(header.payloadLength()).isEqualTo(50);
        assertThat(header.nextHeader()).isEqualTo(IpProtocol.TCP);
        assertThat(header.hopLimit()).isEqualTo(64);
        assertThat(header.sourceHigh()).isEqualTo(1);
        assertThat(header.sourceLow()).isEqualTo(2);
        assertThat(header.destinationHigh()).isEqualTo(3);
        assertThat(header.destinationLow()).isEqualTo(4);
        assertThat(header.payloadOffset()).isEqualTo(AT + 40);
        assertThat(header.check(bytes, AT, 89)).isFalse();
    }

    @Test
    void tcp_writtenAndRead_isTheSame() {
        int flags = TcpHeader.SYN | TcpHeader.ACK;
        TcpHeader.write(bytes, AT, 65535, 80, -2, -3, 24, flags, 50_000);
        TcpHeader.writeChecksum(bytes, AT, 30, 0);
        TcpHeader header = new TcpHeader();
        assertThat(header.check(bytes, AT, 30)).isTrue();
        assertThat(InternetChecksum.fold(30 + InternetChecksum.sum(bytes, AT, 30)))
                .isEqualTo(0xffff);
        assertThat(header.sourcePort()).isEqualTo(65535);
        assertThat(header.destinationPort()).isEqualTo(80);
        assertThat(header.sequence()).isEqualTo(-2);
        assertThat(header.acknowledgment()).isEqualTo(-3);
        assertThat(header.headerLength()).isEqualTo(24);
        assertThat(header.flags()).isEqualTo(flags);
        assertThat(header.window()).isEqualTo(50_000);
        assertThat(header.optionsOffset()).isEqualTo(AT + 20);
        assertThat(header.optionsLength()).isEqualTo(4);
        assertThat(header.payloadOffset()).isEqualTo(AT + 24);
        assertThat(header.payloadLength()).isEqualTo(6);
        assertThat(header.check(bytes, AT, 23)).isFalse();
    }

    @Test
    void udp_writtenAndRead_isTheSame() {
        UdpHeader.write(bytes, AT, 1, 2, 20, 0);
        UdpHeader header = new UdpHeader();
        assertThat(header.check(bytes, AT, 25)).isTrue();
        assertThat(header.sourcePort()).isEqualTo(1);
        assertThat(header.destinationPort()).isEqualTo(2);
        assertThat(header.length()).isEqualTo(20);
        assertThat(header.payloadLength()).isEqualTo(12);
        assertThat(header.payloadOffset()).isEqualTo(AT + 8);
        assertThat(header.hasChecksum()).isTrue();
        assertThat(header.check(bytes, AT, 19)).isFalse();
    }

    @Test
    void udp_checksumThatComesOutZero_isSentAsOnes() {
        UdpHeader.write(bytes, 0, 0, 0, 8, 0xffff - 16);
        assertThat(NetworkOrder.u16(bytes, 6)).isEqualTo(0xffff);
    }

    @Test
    void icmp_writtenAndRead_isTheSame() {
        IcmpHeader.write(bytes, AT, 20, 8, 5, 0x00010002, 0);
        IcmpHeader header = new IcmpHeader();
        assertThat(header.check(bytes, AT, 20)).isTrue();
        assertThat(InternetChecksum.sum(bytes, AT, 20)).isEqualTo(0xffff);
        assertThat(header.type()).isEqualTo(8);
        assertThat(header.code()).isEqualTo(5);
        assertThat(header.identifier()).isEqualTo(1);
        assertThat(header.sequence()).isEqualTo(2);
        assertThat(header.payloadLength()).isEqualTo(12);
        assertThat(header.check(bytes, AT, 7)).isFalse();
    }

    @Test
    void addressWords_thereAndBack_isTheSame() {
        for (String text : new String[] {"10.1.2.3", "255.255.255.255", "0.0.0.0", "2001:db8::1", "::1", "fe80::ff"}) {
            InetAddress address = InetAddress.ofLiteral(text);
            long high = AddressWords.high(address);
            long low = AddressWords.low(address);
            assertThat(AddressWords.toAddress(high, low)).isEqualTo(address);
            assertThat(AddressWords.isIpv4(high, low)).isEqualTo(!text.contains(":"));
        }
    }

    @Test
    void printer_tcpWithOptions_saysItAll() {
        byte[] packet = HexFormat.of()
                .parseHex("4500003c000040004006b8b40a0000010a000002"
                        + "c3500050000000ff00000000a002ffff00000000"
                        + "020405b40402080a00000001000000020103030a");
        assertThat(PacketPrinter.print(packet, 0, packet.length))
                .isEqualTo("10.0.0.1.50000 > 10.0.0.2.80: [S] seq 255 win 65535"
                        + " <mss 1460> <sackOK> <ts 1 2> <wscale 10> length 0");
    }

    @Test
    void printer_anyBytes_neverFails() {
        SplittableRandom random = new SplittableRandom(8);
        byte[] packet = new byte[80];
        for (int i = 0; i < 50_000; i++) {
            random.nextBytes(packet);
            packet[0] = (byte) (random.nextBoolean() ? 0x45 : 0x60);
            NetworkOrder.put16(packet, packet[0] == 0x45 ? 2 : 4, random.nextInt(80));
            packet[packet[0] == 0x45 ? 9 : 6] = (byte) new int[] {1, 6, 17, 58, 99}[random.nextInt(5)];
            assertThat(PacketPrinter.print(packet, 0, packet.length)).isNotEmpty();
        }
    }
}
