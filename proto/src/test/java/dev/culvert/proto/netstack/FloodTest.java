package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.fin;
import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.netstack.testing.Packets;
import dev.culvert.proto.netstack.testing.Seg;
import dev.culvert.proto.netstack.testing.Trace;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Many hostile packets beside a connection that must live on: what they cost, and what is sent back.
final class FloodTest {
    private static final int FLOOD = 100_000;

    private static long pool(Trace trace) {
        return trace.stack.bufferMemory();
    }

    /// A connection with a segment out, whose peer answers after the flood.
    private static void livesOn(Trace trace) {
        trace.peerPort(Trace.PEER_PORT).receive(seg().seq(1).ack(1001).data("on"));
        trace.expect(seg().seq(1001).ack(3)).reads("on").is(TcpState.ESTABLISHED);
    }

    private static Trace live() {
        return Trace.established().write(1000).expect(seg().seq(1).data(1000));
    }

    @Test
    void synFlood_holdsNoMemoryBeyondItsBound_andOthersStillGetIn() {
        Trace trace = live();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < FLOOD; i++) {
            trace.peerPort(1 + random.nextInt(39_000))
                    .receive(syn().seq(random.nextInt()).mss(1000));
            if (i % 50 == 0) {
                trace.discardsWhatIsSent();
            }
        }
        assertThat(trace.stack.sockets()).isLessThanOrEqualTo(1025);
        assertThat(pool(trace)).isLessThan(1 << 20);
        trace.discardsWhatIsSent();
        trace.peerPort(50_000).receive(syn().mss(1000)).expect(Seg.synAck());
        trace.receive(seg().seq(1).ack(1).data("hello"));
        trace.expect(seg().seq(1).ack(6));
        assertThat(Objects.requireNonNull(trace.listener.accept()).readable()).isEqualTo(5);
        trace.discardsWhatIsSent();
        // The half open ones are gone when nobody has answered for 15 s; without a flood they have a minute.
        for (int i = 0; i < 20; i++) {
            trace.after(1000).discardsWhatIsSent();
        }
        assertThat(trace.stack.sockets()).isEqualTo(2);
    }

    @Test
    void ackFlood_isAnsweredTenTimesASecond() {
        Trace trace = live();
        int answers = 0;
        for (int i = 0; i < FLOOD; i++) {
            trace.receive(seg().seq(1 + i % 500).ack(900_000 + i));
            answers += trace.sendsSomething() ? 1 : 0;
        }
        assertThat(answers).isEqualTo(1);
        livesOn(trace);
    }

    @Test
    void rstFlood_blind_endsNothing() {
        Trace trace = live();
        SplittableRandom random = new SplittableRandom(2);
        int answers = 0;
        for (int i = 0; i < FLOOD; i++) {
            int seq = random.nextInt();
            trace.receive(rst().seq(seq == 1 ? 2 : seq));
            answers += trace.sendsSomething() ? 1 : 0;
        }
        assertThat(answers).isLessThanOrEqualTo(1);
        livesOn(trace);
    }

    @Test
    void dataFlood_blind_isNeverRead() {
        Trace trace = live();
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < FLOOD; i++) {
            // The window may be hit, the acknowledgment would have to be as well.
            trace.receive(seg().seq(1 + random.nextInt(1000))
                    .ack(200_000 + random.nextInt(1 << 30))
                    .data("evil"));
            trace.discardsWhatIsSent();
        }
        trace.reads("");
        livesOn(trace);
    }

    @Test
    void icmpFlood_spoofed_changesNothing() {
        Trace trace = live();
        byte[] quoted = Arrays.copyOf(trace.lastPacket(), 28);
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < FLOOD; i++) {
            // Everything but the sequence number is known to the attacker.
            for (int at = 24; at < 28; at++) {
                quoted[at] = (byte) random.nextInt();
            }
            int code = i % 2 == 0 ? 4 : 3;
            trace.receivePacket(Packets.icmp(Trace.PEER, Trace.US, IcmpHeader.V4_UNREACHABLE, code, 600, quoted));
        }
        trace.expectNothing();
        assertThat(trace.socket().sender.mss).isEqualTo(1000);
        livesOn(trace);
    }

    @Test
    void tinyWindows_ofManyPeers_holdOnlyWhatWasWritten() {
        StackConfig config = new StackConfig(List.of(Trace.US), Trace.MTU, 1 << 20, 1 << 20, 2000, 100);
        Trace trace = Trace.listening(config);
        for (int port = 1; port <= 1000; port++) {
            trace.peerPort(port)
                    .handshake(syn().mss(1000))
                    .receive(seg().seq(1).ack(1).window(3));
            trace.write(2000).discardsWhatIsSent();
        }
        assertThat(pool(trace)).isLessThanOrEqualTo(1000L * PagePool.PAGE);
        // Who never takes anything is given up: the user timeout of what was sent, and the relay's own.
        int hours = 0;
        while (trace.stack.sockets() > 0 && hours < 2) {
            for (int i = 0; i < 360; i++) {
                trace.after(10_000).discardsWhatIsSent();
            }
            hours++;
        }
        assertThat(trace.stack.sockets()).isZero();
        assertThat(pool(trace)).isZero();
    }

    /// As "sockstress" does: a request, and then a window that stays shut, told again and again.
    @Test
    void zeroWindow_afterARequest_heldByThousands_isBoundedAndEndsWithTheApplication() {
        List<byte[]> answers = new ArrayList<>();
        Trace trace = Trace.listening();
        for (int port = 1; port <= 2000; port++) {
            trace.peerPort(port)
                    .handshake(syn().mss(1000))
                    .receive(seg().seq(1).ack(1).window(0).data("get"));
            answers.add(trace.build(seg().seq(4).ack(1).window(0)));
            // Less, once memory is tight.
            assertThat(trace.socket().write(ByteBuffer.allocate(60_000))).isPositive();
            trace.reads("get").discardsWhatIsSent();
            if (port % 2 == 0) {
                trace.close().discardsWhatIsSent();
            }
        }
        // What is guaranteed to each, and what all share.
        assertThat(pool(trace)).isLessThan((64L << 20) + 2000L * 2 * PagePool.PAGE);
        for (int second = 0; second < 240; second++) {
            answers.forEach(trace::receivePacket);
            trace.after(1000).discardsWhatIsSent();
        }
        // A quarter of the memory is free again, and where the application has gone, nobody waits for a window.
        assertThat(pool(trace)).isLessThanOrEqualTo(48L << 20);
        assertThat(trace.stack.drops(Drop.STALLED)).isGreaterThan(700);
        assertThat(trace.stack.sockets()).isBetween(1, 1000);
    }

    @Test
    void zeroWindow_ofOneHost_letsNoMoreOfItBegin_wherePortsAskForThat() {
        Trace trace = Trace.listening();
        trace.listener.mostStalled(64);
        byte[] opens = {};
        for (int port = 1; port <= 64; port++) {
            trace.peerPort(port)
                    .handshake(syn().mss(1000))
                    .receive(seg().seq(1).ack(1).window(port % 2 == 0 ? 0 : 3).data("get"));
            opens = trace.build(seg().seq(4).ack(1).window(60_000));
            trace.socket().write(ByteBuffer.allocate(10_000));
            trace.reads("get").discardsWhatIsSent();
        }
        trace.peerPort(66).receive(syn().mss(1000)).expectNothing();
        assertThat(trace.stack.drops(Drop.TOO_MANY_STALLED)).isEqualTo(1);
        trace.receivePacket(opens).discardsWhatIsSent();
        trace.peerPort(66).receive(syn().mss(1000)).expect(Seg.synAck());
    }

    @Test
    void zeroWindow_ofManyThatFallSilent_isWaitedForFifteenSeconds() {
        Trace trace = Trace.listening();
        trace.listener.mostStalled(64);
        for (int port = 1; port <= 64; port++) {
            trace.peerPort(port)
                    .handshake(syn().mss(1000))
                    .receive(seg().seq(1).ack(1).window(0).data("get"));
            trace.socket().write(ByteBuffer.allocate(10_000));
            trace.reads("get").discardsWhatIsSent();
        }
        trace.after(14_000).discardsWhatIsSent();
        assertThat(trace.stack.sockets()).isEqualTo(64);
        trace.after(2000).discardsWhatIsSent();
        for (int second = 0; second < 14; second++) {
            trace.after(1000).discardsWhatIsSent();
        }
        assertThat(trace.stack.sockets()).isEqualTo(7);
    }

    @Test
    void zeroWindow_ofOne_isWaitedForAsLongAsItAnswers() {
        Trace trace = Trace.established()
                .receive(seg().seq(1).ack(1).window(0))
                .write(20_000)
                .expectNothing();
        byte[] answer = trace.build(seg().seq(1).ack(1).window(0));
        for (int minute = 0; minute < 600; minute++) {
            trace.after(60_000).discardsWhatIsSent();
            trace.receivePacket(answer).discardsWhatIsSent();
        }
        trace.is(TcpState.ESTABLISHED)
                .receive(seg().seq(1).ack(1).window(1000))
                .expect(seg().seq(1).data(1000));
        assertThat(trace.stack.drops(Drop.STALLED)).isZero();
    }

    @Test
    void zeroWindow_whileMemoryIsShort_isWaitedForFiveSeconds() {
        Trace trace = Trace.listening();
        List<TcpSocket> full = new ArrayList<>();
        for (int port = 1; port <= 100; port++) {
            trace.peerPort(port)
                    .handshake(syn().mss(1000))
                    .receive(seg().seq(1).ack(1).window(0).data("get"));
            full.add(trace.socket());
            trace.socket().write(ByteBuffer.allocate(32_000));
            trace.reads("get").discardsWhatIsSent();
        }
        // Others, that move, come to hold most of it.
        for (int port = 101; port <= 1600; port++) {
            trace.peerPort(port).handshake(syn().mss(1000));
            trace.socket().write(ByteBuffer.allocate(32_000));
            trace.discardsWhatIsSent();
        }
        assertThat(full).allMatch(socket -> socket.failure() == null);
        trace.after(5000).discardsWhatIsSent();
        assertThat(full.getFirst().failure()).isEqualTo(CloseReason.STALLED);
        assertThat(pool(trace)).isLessThan(48L << 20);
    }

    @Test
    void handshakes_ofOneHost_leaveRoomForOthers() {
        Trace trace = Trace.listening();
        for (int port = 1; port <= 12_288; port++) {
            trace.peerPort(port).handshake(syn().mss(1000));
        }
        for (int port = 12_289; port <= 14_000; port++) {
            trace.peerPort(port).receive(syn().mss(1000)).expectNothing();
        }
        assertThat(trace.stack.sockets()).isEqualTo(12_288);
        assertThat(trace.stack.drops(Drop.TOO_MANY_OF_ONE_HOST)).isEqualTo(14_000 - 12_288);
        byte[] other = StackFuzz.segment(5, 2, 100, 0, new byte[0]);
        other[15] = 77;
        trace.receivePacket(Packets.repairIpv4(repaired(other)));
        assertThat(trace.poll()).isNotNull();
        assertThat(trace.stack.sockets()).isEqualTo(12_289);
    }

    /// The source address is part of the checksum: 10.0.0.77 in the place of 10.0.0.2.
    private static byte[] repaired(byte[] packet) {
        NetworkOrder.put16(packet, 36, NetworkOrder.u16(packet, 36) - 75);
        return packet;
    }

    @Test
    void orphans_areBounded_thoseOfOneHostFirst() {
        Trace trace = Trace.listening();
        for (int port = 1; port <= 6000; port++) {
            trace.peerPort(port).handshake(syn().mss(1000)).close();
            trace.expect(port <= 4096 ? fin().seq(1) : Seg.rstAck().seq(1));
        }
        assertThat(trace.stack.sockets()).isEqualTo(4096);
        assertThat(trace.stack.drops(Drop.TOO_MANY_ORPHANS)).isEqualTo(6000 - 4096);
    }

    @Test
    void gaps_ofManyPeers_areBounded() {
        StackConfig config = new StackConfig(List.of(Trace.US), Trace.MTU, 6 << 20, 6 << 20, 2000, 100);
        Trace trace = Trace.listening(config);
        for (int port = 1; port <= 500; port++) {
            trace.peerPort(port).handshake(syn().mss(1000).scale(7));
            for (int i = 0; i < 30; i++) {
                trace.receive(seg().seq(1000 + 8000 * i).ack(1).data(1));
            }
            trace.discardsWhatIsSent();
        }
        // 64 MiB for all; each beyond it holds what is guaranteed.
        assertThat(pool(trace)).isLessThan((64L << 20) + 500L * 2 * PagePool.PAGE);
    }

    @Test
    void sequenceNumbers_ofOneConnection_sayNothingOfTheNext() {
        int[] distances = new int[1000];
        int before = 0;
        for (int port = 1; port <= distances.length; port++) {
            Trace trace = Trace.listening().peerPort(port).receive(syn()).expect(Seg.synAck());
            int iss = ByteBuffer.wrap(trace.lastPacket()).getInt(24);
            distances[port - 1] = iss - before;
            before = iss;
        }
        assertThat(Arrays.stream(distances).distinct().count()).isEqualTo(distances.length);
        // Spread over the whole space: about half of the distances are negative.
        assertThat(Arrays.stream(distances).filter(distance -> distance < 0).count())
                .isBetween(400L, 600L);
    }
}
