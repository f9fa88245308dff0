package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Host.PEER;
import static dev.culvert.proto.netstack.testing.Host.PEER6;
import static dev.culvert.proto.netstack.testing.Host.US;
import static dev.culvert.proto.netstack.testing.Host.US6;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.netstack.testing.Host;
import dev.culvert.proto.netstack.testing.Packets;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class UdpTest {
    private final Host host = new Host();
    private final UdpEndpoint ends = new UdpEndpoint();

    private UdpSocket bound(int port) {
        return Objects.requireNonNull(host.stack.bindUdp(port));
    }

    private static byte[] hello() {
        return Packets.udp(PEER, 5000, US, 53, "hello".getBytes(US_ASCII));
    }

    @Test
    void datagram_forABoundPort_isReceivedAndAnswered() {
        UdpSocket socket = bound(53);
        host.receive(hello());
        assertThat(host.stack.pollReady()).isSameAs(socket);
        ByteBuffer target = ByteBuffer.allocateDirect(100);
        assertThat(socket.receive(target, ends)).isTrue();
        assertThat(US_ASCII.decode(target.flip()).toString()).isEqualTo("hello");
        assertThat(ends).hasToString("10.0.0.1 - /10.0.0.2:5000");
        assertThat(socket.receive(target, ends)).isFalse();
        assertThat(socket.send(ByteBuffer.wrap(new byte[3]), ends)).isTrue();
        host.sends("10.0.0.1.53 > 10.0.0.2.5000: UDP length 3").sendsNothing();
        assertThat(host.stack.bufferMemory()).isZero();
    }

    @Test
    void datagram6_isReceivedAndAnswered() {
        UdpSocket socket = bound(53);
        host.receive(Packets.udp(PEER6, 5000, US6, 53, new byte[] {7}));
        assertThat(socket.receive(ByteBuffer.allocate(10), ends)).isTrue();
        socket.send(ByteBuffer.allocate(2), ends);
        host.sends("fd00:0:0:0:0:0:0:1.53 > fd00:0:0:0:0:0:0:2.5000: UDP length 2");
    }

    @Test
    void datagrams_keepTheirBoundariesAndOrder() {
        UdpSocket socket = bound(53);
        for (int length = 0; length < 1200; length += 100) {
            host.receive(Packets.udp(PEER, 5000, US, 53, new byte[length]));
        }
        for (int length = 0; length < 1200; length += 100) {
            ByteBuffer target = ByteBuffer.allocate(2000);
            assertThat(socket.receive(target, ends)).isTrue();
            assertThat(target.position()).isEqualTo(length);
        }
    }

    @Test
    void datagram_largerThanTheTarget_isCut() {
        UdpSocket socket = bound(53);
        host.receive(hello()).receive(hello());
        ByteBuffer two = ByteBuffer.allocate(2);
        assertThat(socket.receive(two, ends)).isTrue();
        assertThat(two.hasRemaining()).isFalse();
        ByteBuffer rest = ByteBuffer.allocate(100);
        assertThat(socket.receive(rest, ends)).isTrue();
        assertThat(rest.position()).isEqualTo(5);
    }

    @Test
    void datagram_forNobody_isAnsweredByIcmp() {
        host.receive(hello())
                .sends("10.0.0.1 > 10.0.0.2: ICMP type 3 code 3 length 33")
                .dropped(Drop.NO_UDP_SOCKET);
        host.receive(Packets.udp(PEER6, 5000, US6, 53, new byte[2000]))
                .sends("fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 type 1 code 4 length 1232");
    }

    @Test
    void portUnreachable_isLimitedInRate() {
        for (int i = 0; i < 60; i++) {
            host.receive(hello());
        }
        for (int i = 0; i < 50; i++) {
            host.sent();
        }
        host.sendsNothing();
        host.now += 20_000_000;
        host.receive(hello()).sent();
    }

    @Test
    void checksum_bad_isDropped() {
        bound(53);
        byte[] packet = hello();
        packet[30] ^= 1;
        host.receive(packet).dropped(Drop.BAD_UDP_CHECKSUM);
    }

    @Test
    void checksum_none_isGoodForIpv4Only() {
        UdpSocket socket = bound(53);
        byte[] packet = hello();
        packet[26] = 0;
        packet[27] = 0;
        host.receive(packet);
        assertThat(socket.receive(ByteBuffer.allocate(10), ends)).isTrue();
        byte[] packet6 = Packets.udp(PEER6, 5000, US6, 53, new byte[4]);
        packet6[46] = 0;
        packet6[47] = 0;
        host.receive(packet6).dropped(Drop.BAD_UDP_CHECKSUM);
    }

    @Test
    void header_thatCannotBe_isDropped() {
        bound(53);
        byte[] packet = hello();
        packet[25] = 7;
        host.receive(packet).dropped(Drop.MALFORMED_UDP);
        host.receive(Packets.ip(PEER, US, IpProtocol.UDP, new byte[7]));
        packet = hello();
        packet[25] = 99;
        host.receive(packet);
        assertThat(host.stack.drops(Drop.MALFORMED_UDP)).isEqualTo(3);
    }

    @Test
    void queue_full_dropsWhatComesNext() {
        UdpSocket socket = bound(53);
        byte[] packet = Packets.udp(PEER, 5000, US, 53, new byte[1200]);
        while (host.stack.drops(Drop.UDP_QUEUE_FULL) == 0) {
            host.receive(packet);
        }
        assertThat(host.stack.bufferMemory()).isBetween(240L * 1024, 280L * 1024);
        ByteBuffer target = ByteBuffer.allocate(2000);
        while (socket.receive(target, ends)) {
            target.clear();
        }
        assertThat(host.stack.bufferMemory()).isZero();
    }

    @Test
    void send_moreThanAPacketCarries_isRefused() {
        UdpSocket socket = bound(0);
        InetSocketAddress peer = new InetSocketAddress(PEER, 9);
        assertThat(socket.send(ByteBuffer.allocate(Host.MTU - 28), peer)).isTrue();
        assertThat(socket.send(ByteBuffer.allocate(Host.MTU - 27), peer)).isFalse();
        host.dropped(Drop.TOO_LARGE);
        assertThat(socket.send(ByteBuffer.allocate(Host.MTU - 48), new InetSocketAddress(PEER6, 9)))
                .isTrue();
        assertThat(socket.send(ByteBuffer.allocate(Host.MTU - 47), new InetSocketAddress(PEER6, 9)))
                .isFalse();
    }

    @Test
    void send_queueFull_isRefused() {
        UdpSocket socket = bound(0);
        InetSocketAddress peer = new InetSocketAddress(PEER, 9);
        int sent = 0;
        while (socket.send(ByteBuffer.allocate(1000), peer)) {
            sent++;
        }
        assertThat(sent).isBetween(240, 262);
        for (int i = 0; i < sent; i++) {
            host.sent();
        }
        host.sendsNothing();
        assertThat(socket.send(ByteBuffer.allocate(1000), peer)).isTrue();
    }

    @Test
    void bind_portTaken_givesNull() {
        UdpSocket first = bound(53);
        assertThat(host.stack.bindUdp(53)).isNull();
        first.close();
        assertThat(first.send(ByteBuffer.allocate(1), new InetSocketAddress(PEER, 9)))
                .isFalse();
        assertThat(host.stack.bindUdp(53)).isNotNull();
        assertThat(bound(0).port()).isBetween(32768, 65535);
    }
}
