package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Host.PEER;
import static dev.culvert.proto.netstack.testing.Host.PEER6;
import static dev.culvert.proto.netstack.testing.Host.US;
import static dev.culvert.proto.netstack.testing.Host.US6;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.netstack.testing.Host;
import dev.culvert.proto.netstack.testing.Packets;
import dev.culvert.proto.netstack.testing.Trace;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class IcmpTest {
    private final Host host = new Host();
    private final EchoReply reply = new EchoReply();

    @Test
    void echoRequest_isAnsweredWithItsData() {
        byte[] data = {1, 2, 3, 4, 5};
        host.receive(Packets.icmp(PEER, US, IcmpHeader.V4_ECHO_REQUEST, 0, 0x0007_0009, data));
        byte[] answer = host.sent();
        assertThat(answer).isEqualTo(Packets.icmp(US, PEER, IcmpHeader.V4_ECHO_REPLY, 0, 0x0007_0009, data));
        host.receive(Packets.icmp(PEER6, US6, IcmpHeader.V6_ECHO_REQUEST, 0, 0x0007_0009, data));
        answer = host.sent();
        assertThat(answer).isEqualTo(Packets.icmp(US6, PEER6, IcmpHeader.V6_ECHO_REPLY, 0, 0x0007_0009, data));
    }

    @Test
    void sendEcho_answer_isPolled() {
        host.stack.sendEcho(null, PEER, 3, 4, 10, host.now);
        host.stack.sendEcho(US6, PEER6, 5, 6, 0, host.now);
        host.sends("10.0.0.1 > 10.0.0.2: ICMP echo request, id 3 seq 4 length 10");
        host.sends("fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 echo request, id 5 seq 6 length 0");
        host.now += 5;
        host.receive(Packets.icmp(PEER, US, IcmpHeader.V4_ECHO_REPLY, 0, 0x0003_0004, new byte[10]));
        assertThat(host.stack.pollEchoReply(reply)).isTrue();
        assertThat(reply.source()).isEqualTo(PEER);
        assertThat(reply.identifier()).isEqualTo(3);
        assertThat(reply.sequence()).isEqualTo(4);
        assertThat(reply.payloadLength()).isEqualTo(10);
        assertThat(reply.receivedAt()).isEqualTo(host.now);
        assertThat(host.stack.pollEchoReply(reply)).isFalse();
    }

    @Test
    void sendEcho_betweenTwoStacks_comesBack() {
        Host other = new Host();
        host.stack.sendEcho(null, PEER, 1, 2, 100, 0);
        byte[] request = host.sent();
        System.arraycopy(PEER.getAddress(), 0, request, 12, 4);
        System.arraycopy(US.getAddress(), 0, request, 16, 4);
        other.receive(request).sends("10.0.0.1 > 10.0.0.2: ICMP echo reply, id 1 seq 2 length 100");
    }

    @Test
    void echoReplies_beyondTheQueue_areDropped() {
        for (int i = 0; i < 65; i++) {
            host.receive(Packets.icmp(PEER, US, IcmpHeader.V4_ECHO_REPLY, 0, i, new byte[0]));
        }
        host.dropped(Drop.REPLY_QUEUE_FULL);
    }

    @Test
    void echoRequests_beyondTheQueue_areDropped() {
        for (int i = 0; i < 65; i++) {
            host.receive(Packets.icmp(PEER, US, IcmpHeader.V4_ECHO_REQUEST, 0, i, new byte[0]));
        }
        host.dropped(Drop.REPLY_QUEUE_FULL);
        for (int i = 0; i < 64; i++) {
            host.sends("10.0.0.1 > 10.0.0.2: ICMP echo reply, id 0 seq " + i + " length 0");
        }
        host.sendsNothing();
    }

    @Test
    void echo_largerThanTheMtu_isDropped() {
        host.stack.sendEcho(null, PEER, 1, 1, Host.MTU, 0);
        host.sendsNothing().dropped(Drop.TOO_LARGE);
    }

    @Test
    void message_badChecksum_isDropped() {
        byte[] packet = Packets.icmp(PEER, US, IcmpHeader.V4_ECHO_REQUEST, 0, 1, new byte[8]);
        packet[30]++;
        host.receive(packet).sendsNothing().dropped(Drop.BAD_ICMP_CHECKSUM);
        byte[] packet6 = Packets.icmp(PEER6, US6, IcmpHeader.V6_ECHO_REQUEST, 0, 1, new byte[8]);
        packet6[50]++;
        host.receive(packet6).sendsNothing();
        assertThat(host.stack.drops(Drop.BAD_ICMP_CHECKSUM)).isEqualTo(2);
    }

    @Test
    void message_tooShort_isDropped() {
        host.receive(Packets.ip(PEER, US, IpProtocol.ICMP, new byte[7])).dropped(Drop.MALFORMED_ICMP);
    }

    @Test
    void message_ofNoInterest_isIgnored() {
        host.receive(Packets.icmp(PEER, US, 13, 0, 0, new byte[12]))
                .sendsNothing()
                .dropped(Drop.IGNORED_ICMP);
    }

    /// An ICMP error of the peer about the last packet of the trace, of which it quotes 28 bytes.
    private static byte[] about(Trace trace, int type, int code, int rest) {
        return Packets.icmp(Trace.PEER, Trace.US, type, code, rest, Arrays.copyOf(trace.lastPacket(), 28));
    }

    @Test
    void portUnreachable_forOurSyn_fails() {
        Trace trace = Trace.synSent();
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 3, 0)).is(TcpState.CLOSED);
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.UNREACHABLE);
        trace.ready(trace.socket());
    }

    @Test
    void hostUnreachable_forOurSyn_countsOnlyIfNothingBetterHappens() {
        Trace trace = Trace.synSent();
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 1, 0)).is(TcpState.SYN_SENT);
        for (int i = 0; i < 8; i++) {
            trace.after(60_000);
        }
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.UNREACHABLE);
    }

    @Test
    void portUnreachable_onAConnection_isSoft() {
        Trace trace = Trace.established().write(10).expect(seg().data(10));
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 3, 0)).is(TcpState.ESTABLISHED);
    }

    @Test
    void error_aboutWhatIsNotInFlight_isIgnored() {
        Trace trace = Trace.established().write(10).expect(seg().data(10));
        byte[] error = about(trace, IcmpHeader.V4_UNREACHABLE, 4, 600);
        trace.receive(seg().seq(1).ack(11)).receivePacket(error).dropped(Drop.UNRELATED_ICMP_ERROR);
        trace.write(1000).expect(seg().data(1000));
    }

    @Test
    void error_quotingGarbage_isIgnored() {
        for (int length = 0; length < 40; length++) {
            host.receive(Packets.icmp(PEER, US, IcmpHeader.V4_UNREACHABLE, 4, 600, new byte[length]));
            host.receive(Packets.icmp(PEER6, US6, IcmpHeader.V6_PACKET_TOO_BIG, 0, 600, new byte[length]));
        }
        assertThat(host.stack.drops(Drop.UNRELATED_ICMP_ERROR)).isEqualTo(80);
    }

    @Test
    void packetTooBig_sendsAgainInSmallerSegments() {
        Trace trace =
                Trace.established().write(2000).expect(seg().seq(1).data(1000)).expect(seg().data(1000));
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 4, 640));
        trace.expect(seg().seq(1).data(600))
                .expect(seg().seq(601).data(600))
                .expect(seg().seq(1201).data(600))
                .expect(seg().seq(1801).data(200))
                .expectNothing();
    }

    @Test
    void packetTooBig_absurdlySmall_isBounded() {
        Trace trace = Trace.established().write(1000).expect(seg().seq(1).data(1000));
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 4, 68))
                .expect(seg().seq(1).data(512));
    }

    @Test
    void packetTooBig_aboutAPacketThatWouldPass_isIgnored() {
        Trace trace = Trace.established().write(500).expect(seg().seq(1).data(500));
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 4, 600)).dropped(Drop.UNRELATED_ICMP_ERROR);
        trace.write(1000).expect(seg().data(1000));
    }

    @Test
    void timeExceededAndParameterProblem_onAConnection_areSoft() {
        Trace trace = Trace.established().write(10).expect(seg().data(10));
        trace.receivePacket(about(trace, IcmpHeader.V4_TIME_EXCEEDED, 0, 0))
                .receivePacket(about(trace, IcmpHeader.V4_PARAMETER_PROBLEM, 0, 0))
                .is(TcpState.ESTABLISHED);
    }

    @Test
    void sourceQuench_isIgnored() {
        Trace trace = Trace.established().write(2000).expect(seg().data(1000));
        trace.receivePacket(about(trace, 4, 0, 0)).dropped(Drop.IGNORED_ICMP).expect(seg().data(1000));
    }

    @Test
    void packetTooBig_largerThanNow_changesNothing() {
        Trace trace = Trace.established().write(1000).expect(seg().seq(1).data(1000));
        trace.receivePacket(about(trace, IcmpHeader.V4_UNREACHABLE, 4, 1500)).expectNothing();
    }
}
