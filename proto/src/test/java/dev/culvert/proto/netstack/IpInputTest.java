package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Host.PEER;
import static dev.culvert.proto.netstack.testing.Host.PEER6;
import static dev.culvert.proto.netstack.testing.Host.US;
import static dev.culvert.proto.netstack.testing.Host.US6;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.netstack.testing.Host;
import dev.culvert.proto.netstack.testing.Packets;
import java.net.InetAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IpInputTest {
    private final Host host = new Host();

    private static byte[] ping() {
        return Packets.icmp(PEER, US, IcmpHeader.V4_ECHO_REQUEST, 0, 1, new byte[8]);
    }

    private static byte[] ping6() {
        return Packets.icmp(PEER6, US6, IcmpHeader.V6_ECHO_REQUEST, 0, 1, new byte[8]);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 19, 20, 35})
    void packet_cutShort_isDropped(int length) {
        host.receive(Arrays.copyOf(ping(), length)).sendsNothing().dropped(Drop.MALFORMED_IP);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 39, 40, 55})
    void packet6_cutShort_isDropped(int length) {
        host.receive(Arrays.copyOf(ping6(), length)).sendsNothing().dropped(Drop.MALFORMED_IP);
    }

    @ParameterizedTest
    @CsvSource({"0, 0x55", "0, 0x05", "0, 0x44", "2, 0xff"})
    void header_thatCannotBe_isDropped(int at, String value) {
        byte[] packet = ping();
        packet[at] = (byte) (int) Integer.decode(value);
        host.receive(packet).sendsNothing().dropped(Drop.MALFORMED_IP);
    }

    @Test
    void packet_withPadding_isTaken() {
        host.receive(Arrays.copyOf(ping(), 64)).sends("10.0.0.1 > 10.0.0.2: ICMP echo reply, id 0 seq 1 length 8");
    }

    @Test
    void header_badChecksum_isDropped() {
        byte[] packet = ping();
        packet[8]++;
        host.receive(packet).sendsNothing().dropped(Drop.BAD_IP_CHECKSUM);
    }

    @Test
    void header_withOptions_isTaken() {
        byte[] plain = ping();
        byte[] packet = new byte[plain.length + 4];
        System.arraycopy(plain, 0, packet, 0, 20);
        System.arraycopy(plain, 20, packet, 24, plain.length - 20);
        Arrays.fill(packet, 20, 24, (byte) 1);
        packet[0] = 0x46;
        packet[3] = (byte) (packet[3] + 4);
        packet[10] = 0;
        packet[11] = 0;
        int sum = InternetChecksum.sum(packet, 0, 24);
        NetworkOrder.put16(packet, 10, InternetChecksum.finish(sum));
        host.receive(packet).sends("10.0.0.1 > 10.0.0.2: ICMP echo reply, id 0 seq 1 length 8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "10.0.0.1"})
    void source_thatCannotBe_isDropped(String source) {
        InetAddress from = InetAddress.ofLiteral(source);
        host.receive(Packets.icmp(from, US, IcmpHeader.V4_ECHO_REQUEST, 0, 1, new byte[8]))
                .sendsNothing()
                .dropped(Drop.MARTIAN_SOURCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"::", "::1", "ff02::1", "fd00::1"})
    void source6_thatCannotBe_isDropped(String source) {
        InetAddress from = InetAddress.ofLiteral(source);
        host.receive(Packets.icmp(from, US6, IcmpHeader.V6_ECHO_REQUEST, 0, 1, new byte[8]))
                .sendsNothing()
                .dropped(Drop.MARTIAN_SOURCE);
    }

    @Test
    void source6_mapped_isDropped() {
        byte[] packet = ping6();
        Arrays.fill(packet, 8, 24, (byte) 0);
        packet[18] = (byte) 0xff;
        packet[19] = (byte) 0xff;
        host.receive(packet).sendsNothing().dropped(Drop.MARTIAN_SOURCE);
    }

    @Test
    void destination6_mappedOwnAddress_isNotOurs() {
        byte[] packet = ping6();
        Arrays.fill(packet, 24, 40, (byte) 0);
        packet[34] = (byte) 0xff;
        packet[35] = (byte) 0xff;
        System.arraycopy(US.getAddress(), 0, packet, 36, 4);
        host.receive(packet).sendsNothing().dropped(Drop.NOT_FOR_US);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.3", "10.0.0.255", "224.0.0.1", "255.255.255.255"})
    void destination_notOurs_isDropped(String target) {
        host.receive(Packets.icmp(PEER, InetAddress.ofLiteral(target), IcmpHeader.V4_ECHO_REQUEST, 0, 1, new byte[8]))
                .sendsNothing()
                .dropped(Drop.NOT_FOR_US);
    }

    /// An echo request behind one extension header, whose first byte names ICMPv6.
    private static byte[] withExtension(int type, byte[] extension) {
        byte[] plain = ping6();
        byte[] payload = new byte[extension.length + plain.length - 40];
        System.arraycopy(extension, 0, payload, 0, extension.length);
        payload[0] = IpProtocol.ICMPV6;
        System.arraycopy(plain, 40, payload, extension.length, plain.length - 40);
        return Packets.ip(PEER6, US6, type, payload);
    }

    @ParameterizedTest
    @CsvSource({"0", "60"})
    void options6_skippable_areSkipped(int type) {
        String reply = "fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 echo reply, id 0 seq 1 length 8";
        host.receive(withExtension(type, new byte[] {0, 0, 1, 4, 0, 0, 0, 0})).sends(reply);
        host.receive(withExtension(type, new byte[] {0, 0, 0x1e, 2, 9, 9, 0, 0}))
                .sends(reply);
        host.receive(withExtension(type, new byte[] {0, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
                .sends(reply);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0x40", // unknown option, drop
        "60, 0x07", // option that ends beyond the header
    })
    void options6_notSkippable_areDropped(int type, String option) {
        byte[] extension = {0, 0, (byte) (int) Integer.decode(option), 5, 0, 0, 0, 0};
        host.receive(withExtension(type, extension)).sendsNothing().dropped(Drop.EXTENSION_HEADER);
    }

    @ParameterizedTest
    @CsvSource({"60, 0xc2", "0, 0x85"})
    void options6_unknown_senderIsToldWhere(int type, String option) {
        byte[] extension = {0, 0, (byte) (int) Integer.decode(option), 4, 0, 0, 0, 0};
        host.receive(withExtension(type, extension)).dropped(Drop.EXTENSION_HEADER);
        byte[] error = host.sent();
        // Parameter problem, unrecognized option, at byte 42 (RFC 4443 §3.4).
        assertThat(Arrays.copyOfRange(error, 40, 42)).containsExactly(4, 2);
        assertThat(NetworkOrder.i32(error, 44)).isEqualTo(42);
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 51, 135, 139, 140})
    void extension6_unknown_senderIsToldWhere(int type) {
        host.receive(withExtension(type, new byte[8])).dropped(Drop.EXTENSION_HEADER);
        byte[] error = host.sent();
        assertThat(Arrays.copyOfRange(error, 40, 42)).containsExactly(4, 1);
        assertThat(NetworkOrder.i32(error, 44)).isEqualTo(6);
    }

    @Test
    void routing6_doneWith_isSkipped_andOtherwiseRefused() {
        host.receive(withExtension(43, new byte[8]))
                .sends("fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 echo reply, id 0 seq 1 length 8");
        host.receive(withExtension(43, new byte[] {0, 0, 0, 1, 0, 0, 0, 0})).dropped(Drop.EXTENSION_HEADER);
        byte[] error = host.sent();
        assertThat(Arrays.copyOfRange(error, 40, 42)).containsExactly(4, 0);
        assertThat(NetworkOrder.i32(error, 44)).isEqualTo(42);
    }

    @Test
    void noNextHeader6_isDroppedInSilence() {
        host.receive(Packets.ip(PEER6, US6, 59, new byte[8])).sendsNothing().dropped(Drop.UNKNOWN_PROTOCOL);
    }

    @Test
    void hopByHop6_notFirst_isRefused() {
        byte[] payload = new byte[24];
        payload[8] = IpProtocol.ICMPV6;
        host.receive(Packets.ip(PEER6, US6, IpProtocol.DESTINATION_OPTIONS, payload))
                .dropped(Drop.EXTENSION_HEADER);
        assertThat(Arrays.copyOfRange(host.sent(), 40, 42)).containsExactly(4, 1);
    }

    @Test
    void extension6_longerThanThePacket_isDropped() {
        host.receive(withExtension(60, new byte[] {0, (byte) 200, 0, 0, 0, 0, 0, 0}))
                .sendsNothing()
                .dropped(Drop.EXTENSION_HEADER);
    }

    @Test
    void extensions6_tooMany_areDropped() {
        byte[] payload = new byte[10 * 8];
        for (int i = 0; i < payload.length; i += 8) {
            payload[i] = IpProtocol.DESTINATION_OPTIONS;
        }
        host.receive(Packets.ip(PEER6, US6, IpProtocol.DESTINATION_OPTIONS, payload))
                .dropped(Drop.EXTENSION_HEADER);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 47, IpProtocol.ICMPV6})
    void protocol_unknown_senderIsTold(int protocol) {
        host.receive(Packets.ip(PEER, US, protocol, new byte[20]))
                .sends("10.0.0.1 > 10.0.0.2: ICMP type 3 code 2 length 40")
                .dropped(Drop.UNKNOWN_PROTOCOL);
    }

    @Test
    void protocol6_icmpOfIpv4_isUnknown() {
        host.receive(Packets.ip(PEER6, US6, IpProtocol.ICMP, new byte[20]))
                .sends("fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 type 4 code 1 length 60")
                .dropped(Drop.UNKNOWN_PROTOCOL);
        assertThat(host.stack.sockets()).isZero();
    }

    @Test
    void errors_aboutErrors_areNeverSent() {
        // A destination unreachable behind an option that asks for an answer.
        byte[] error = Packets.icmp(PEER6, US6, IcmpHeader.V6_UNREACHABLE, 0, 0, new byte[8]);
        host.receive(error).sendsNothing();
        host.receive(Packets.icmp(PEER, US, IcmpHeader.V4_UNREACHABLE, 2, 0, new byte[28]))
                .sendsNothing();
    }
}
