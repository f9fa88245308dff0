package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.netstack.testing.Host;
import dev.culvert.proto.netstack.testing.Link;
import dev.culvert.proto.netstack.testing.Packets;
import dev.culvert.proto.netstack.testing.Seg;
import dev.culvert.proto.netstack.testing.SimNet;
import dev.culvert.proto.netstack.testing.Trace;
import dev.culvert.proto.netstack.testing.Transfer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Measured path MTUs: [Stack#pathMtu].
final class PathMtuTest {
    private static final List<IpPrefix> TO_PEER = List.of(IpPrefix.host(Trace.PEER));
    private static final int NONE = 65535;

    @Test
    void pathMtu_lowered_liveConnectionSendsAgainInSegmentsThatFit() {
        Trace trace =
                Trace.established().write(2000).expect(seg().seq(1).data(1000)).expect(seg().data(1000));

        trace.stack.pathMtu(TO_PEER, 640);

        trace.expect(seg().seq(1).data(600))
                .expect(seg().seq(601).data(600))
                .expect(seg().seq(1201).data(600))
                .expect(seg().seq(1801).data(200))
                .expectNothing();
    }

    @Test
    void pathMtu_loweredWhileOnlySmallSegmentsAreOut_sendsNothingAgain() {
        Trace trace = Trace.established().write(10).expect(seg().data(10));

        trace.stack.pathMtu(TO_PEER, 640);

        trace.expectNothing();
    }

    @Test
    void pathMtu_raised_newSegmentsGrowUpToWhatWasAgreed() {
        Trace trace = Trace.established();
        trace.stack.pathMtu(TO_PEER, 640);
        trace.write(600).expect(seg().seq(1).data(600)).receive(seg().seq(1).ack(601));

        trace.stack.pathMtu(TO_PEER, NONE);

        trace.write(1500)
                .expect(seg().seq(601).data(1000))
                .expect(seg().seq(1601).data(500));
    }

    @Test
    void pathMtu_ofAnotherPeer_changesNothing() {
        Trace trace = Trace.established().write(1000).expect(seg().seq(1).data(1000));

        trace.stack.pathMtu(List.of(IpPrefix.parse("10.0.0.3/32")), 640);

        trace.expectNothing().write(1000).expect(seg().data(1000));
    }

    @Test
    void pathMtu_ofARoute_holdsForWhatLiesBehindThePeer() {
        Trace trace = Trace.established();

        trace.stack.pathMtu(List.of(IpPrefix.parse("10.0.0.0/24")), 640);

        trace.write(1000).expect(seg().data(600)).expect(seg().data(400));
    }

    @Test
    void pathMtu_absurdlySmall_isBounded() {
        Trace trace = Trace.established();

        trace.stack.pathMtu(TO_PEER, 1);

        trace.write(1000).expect(seg().data(536)).expect(seg().data(464));
    }

    @Test
    void pathMtu_ofANewConnection_isWhatItOffersAndKeepsTo() {
        Trace trace = Trace.listening();
        trace.stack.pathMtu(TO_PEER, 640);

        trace.receive(syn().mss(1000))
                .expect(Seg.synAck().mss(600))
                .receive(seg().seq(1).ack(1));
        TcpSocket socket = Objects.requireNonNull(trace.listener.accept());
        socket.write(ByteBuffer.allocate(1000));

        trace.expect(seg().data(600)).expect(seg().data(400));
    }

    @Test
    void pathMtu_andIcmp_theSmallerHolds() {
        Trace trace = Trace.established().write(1000).expect(seg().seq(1).data(1000));
        trace.stack.pathMtu(TO_PEER, 740);
        trace.expect(seg().seq(1).data(700));
        byte[] quoted = Arrays.copyOf(trace.lastPacket(), 28);
        trace.expect(seg().seq(701).data(300));
        trace.receivePacket(Packets.icmp(Trace.PEER, Trace.US, IcmpHeader.V4_UNREACHABLE, 4, 640, quoted));
        trace.expect(seg().seq(1).data(600)).expect(seg().seq(601).data(400));

        trace.stack.pathMtu(TO_PEER, NONE);

        trace.receive(seg().seq(1).ack(1001))
                .write(1000)
                .expect(seg().data(600))
                .expect(seg().data(400));
    }

    @Test
    void pathMtu_lowered_datagramsBeyondItAreRefused() {
        Host host = new Host();
        UdpSocket socket = Objects.requireNonNull(host.stack.bindUdp(53));
        host.stack.pathMtu(List.of(IpPrefix.host(Host.PEER)), 1000);
        InetSocketAddress peer = new InetSocketAddress(Host.PEER, 5353);

        assertThat(socket.send(ByteBuffer.allocate(972), peer)).isTrue();
        assertThat(socket.send(ByteBuffer.allocate(973), peer)).isFalse();

        host.dropped(Drop.TOO_LARGE);
    }

    @Test
    void pathMtu_lowered_echoesStillMeasureThePath() {
        Host host = new Host();
        host.stack.pathMtu(List.of(IpPrefix.host(Host.PEER)), 1000);

        host.stack.sendEcho(null, Host.PEER, 1, 1, 1252, 0);

        assertThat(host.sent()).hasSize(1280);
    }

    /// A transfer of 3 MB; the path shrinks in the middle of it to 1240 bytes, and no router says so.
    private static final class Shrinking {
        final SimNet net;
        final Transfer sending = new Transfer(new SplittableRandom(1), 3_000_000, 10_000, 1, 2, 65536, false);
        final Transfer receiving = new Transfer(new SplittableRandom(2), 10_000, 3_000_000, 2, 1, 65536, false);

        Shrinking() {
            Link before = Link.ofLatency(20).withRate(500_000, 100_000);
            net = new SimNet(11, before, before, 1420);
            TcpListener listener = Objects.requireNonNull(net.b.listen(7));
            TcpSocket client = Objects.requireNonNull(net.a.connect(null, new InetSocketAddress(SimNet.B, 7), net.now));
            List<TcpSocket> accepted = new ArrayList<>();
            net.apps((_, now) -> sending.serve(client, now), (_, now) -> {
                TcpSocket next = listener.accept();
                if (next != null) {
                    accepted.add(next);
                }
                return accepted.isEmpty() ? Long.MAX_VALUE : receiving.serve(accepted.getFirst(), now);
            });
            net.runUntil(net.now + 2_000 * Link.MS);
            net.links(before.withMtu(1240), before.withMtu(1240));
        }

        void run(long millis) {
            net.runUntil(net.now + millis * Link.MS);
        }

        boolean isComplete() {
            return receiving.isComplete() && sending.isComplete();
        }
    }

    @Test
    void pathMtu_blackHoleInATransfer_goesOnWhenTheOwnerFindsOut() {
        Shrinking path = new Shrinking();
        path.run(300);
        long stuckAt = path.receiving.received();
        path.run(200);
        assertThat(path.receiving.received()).isEqualTo(stuckAt).isBetween(100_000L, 2_000_000L);

        path.net.a.pathMtu(List.of(IpPrefix.host(SimNet.B)), 1232);

        path.run(1000);
        assertThat(path.receiving.received()).isGreaterThan(stuckAt + 100_000);
        path.run(30_000);
        assertThat(path.isComplete()).isTrue();
    }

    @Test
    void blackHole_inATransfer_everyByteArrivesThoughNobodyFindsOut() {
        Shrinking path = new Shrinking();
        path.run(5000);
        assertThat(path.receiving.received()).isGreaterThan(1_000_000);
        path.run(30_000);
        assertThat(path.isComplete()).isTrue();
    }

    /// 1400 bytes of MTU, so that there is something between it and what is tried in a black hole.
    private static Trace wide() {
        StackConfig config = StackConfig.of(List.of(Trace.US), 1400);
        return Trace.listening(config).roundTrip(100).handshake(syn().mss(1360));
    }

    @Test
    void blackHole_fullSegmentsVanish_smallerOnesAreTried() {
        Trace trace = wide().write(2720).expect(seg().data(1360)).expect(seg().data(1360));
        trace.timeoutAfter(300).expect(seg().seq(1).data(1360)).expectNothing();
        trace.timeoutAfter(600).expect(seg().seq(1).data(1160)).expectNothing();
        trace.timeoutAfter(1200).expect(seg().seq(1).data(1160)).expectNothing();
        trace.timeoutAfter(2400).expect(seg().seq(1).data(536)).expectNothing();
        trace.receive(seg().seq(1).ack(537)).expect(seg().seq(537).data(536));
    }

    @Test
    void blackHole_tenMinutesLater_fullSegmentsAreTriedAgain() {
        Trace trace = wide().write(1360).expect(seg().data(1360));
        trace.timeoutAfter(300).expect(seg().data(1360)).timeoutAfter(600).expect(seg().data(1160));
        trace.receive(seg().seq(1).ack(1161))
                .expect(seg().data(200))
                .receive(seg().seq(1).ack(1361));
        trace.write(1160).expect(seg().data(1160)).receive(seg().seq(1).ack(2521));
        trace.after(600_000).receive(seg().seq(1).ack(2521)).write(1360).expect(seg().data(1360));
    }

    @Test
    void smallSegmentsVanish_isNoBlackHole() {
        Trace trace = wide().write(100).expect(seg().data(100));
        trace.timeoutAfter(300).expect(seg().data(100)).timeoutAfter(600).expect(seg().data(100));
        trace.receive(seg().seq(1).ack(101)).write(1360).expect(seg().data(1360));
    }
}
