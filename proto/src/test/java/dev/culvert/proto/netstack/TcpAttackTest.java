package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Trace.established;
import static dev.culvert.proto.netstack.testing.Trace.listening;
import static dev.culvert.proto.netstack.testing.Trace.synSent;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.netstack.testing.Trace;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Segments that are blind guesses, stale or broken (RFC 5961, RFC 7323 §5).
final class TcpAttackTest {
    @Test
    void rst_inWindowButNotNext_isChallenged() {
        established().receive(rst().seq(2)).expect(seg().seq(1).ack(1)).dropped(Drop.INEXACT_RESET);
    }

    @Test
    void rst_outOfWindow_isIgnored() {
        established()
                .receive(rst().seq(-1))
                .expectNothing()
                .dropped(Drop.OUT_OF_WINDOW)
                .is(TcpState.ESTABLISHED);
    }

    @Test
    void syn_onAConnection_isChallenged() {
        established().receive(syn().seq(100)).expect(seg().seq(1).ack(1)).dropped(Drop.UNEXPECTED_SYN);
    }

    @Test
    void challenges_areLimitedInRate() {
        Trace trace = established().receive(rst().seq(2)).expect(seg());
        trace.receive(rst().seq(3)).receive(syn().seq(100)).expectNothing();
        trace.after(100).receive(rst().seq(3)).expect(seg()).expectNothing();
    }

    @Test
    void ack_ofTheFuture_isChallengedAndDataDropped() {
        established()
                .receive(seg().seq(1).ack(2).data("evil"))
                .expect(seg().seq(1).ack(1))
                .dropped(Drop.UNACCEPTABLE_ACK)
                .reads("");
    }

    @Test
    void ack_ofTheDistantPast_isDropped() {
        established()
                .receive(seg().seq(1).ack(-70_000).data("evil"))
                .dropped(Drop.UNACCEPTABLE_ACK)
                .reads("");
    }

    @Test
    void segment_withoutAck_isDropped() {
        established().receive(seg().noAck().seq(1).data("x")).expectNothing().dropped(Drop.MISSING_ACK);
    }

    @Test
    void timestamp_older_isDroppedAndAcknowledged() {
        established(syn().mss(1000).timestamps(1000, 0))
                .receive(seg().seq(1).ack(1).timestamps(899, 0).data("old"))
                .expect(seg().seq(1).ack(1))
                .dropped(Drop.OLD_TIMESTAMP)
                .reads("");
    }

    /// What was sent again has filled the first gap; the second is filled by what was sent before, and was held up.
    @Test
    void timestamp_ofWhatWasOvertaken_isTaken() {
        established(syn().mss(1000).timestamps(1000, 0))
                .receive(seg().seq(1).ack(1).timestamps(1090, 0).data("ab"))
                .receive(seg().seq(3).ack(1).timestamps(1000, 0).data("cd"))
                .reads("abcd");
    }

    @Test
    void timestamp_missing_isDropped() {
        established(syn().mss(1000).timestamps(100, 0))
                .receive(seg().seq(1).ack(1).data("x"))
                .expectNothing()
                .dropped(Drop.MISSING_TIMESTAMP);
    }

    @Test
    void timestamp_veryOldConnection_isBelievedAgain() {
        Trace trace = established(syn().mss(1000).timestamps(1000, 0));
        trace.after(25L * 24 * 3600 * 1000)
                .receive(seg().seq(1).ack(1).timestamps(50, 0).data("x"))
                .reads("x");
    }

    @Test
    void keepAliveOfThePeer_isAnswered() {
        established().receive(seg().seq(0).ack(1)).expect(seg().seq(1).ack(1));
    }

    @Test
    void segment_corrupt_isDropped() {
        Trace trace = established();
        byte[] packet = trace.build(seg().seq(1).ack(1).data("x"));
        packet[packet.length - 1] ^= 1;
        trace.receivePacket(packet).expectNothing().dropped(Drop.BAD_TCP_CHECKSUM);
    }

    @Test
    void segment_headerLongerThanItself_isDropped() {
        Trace trace = established();
        byte[] packet = trace.build(seg().seq(1).ack(1));
        packet[32] = (byte) 0xf0;
        trace.receivePacket(packet).expectNothing().dropped(Drop.MALFORMED_TCP);
    }

    @Test
    void segment_toPortZero_isDropped() {
        listening().peerPort(0).receive(syn()).expectNothing().dropped(Drop.MALFORMED_TCP);
    }

    @Test
    void options_endless_areReadToTheirEndOnly() {
        Trace trace = listening();
        byte[] packet = trace.build(syn().mss(1000).timestamps(1, 0));
        packet[44] = 8;
        packet[45] = 0;
        NetworkOrder.put16(packet, 36, 0);
        trace.receivePacket(packet).expectNothing().dropped(Drop.BAD_TCP_CHECKSUM);
    }

    @Test
    void anyBytes_neverThrow() {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 20_000; i++) {
            Trace trace =
                    i % 2 == 0 ? established(syn().mss(1000).timestamps(5, 0).sackOk()) : synSent();
            for (int k = 0; k < 4; k++) {
                byte[] packet = trace.build(seg().seq(random.nextInt(3))
                        .ack(1)
                        .timestamps(6, 0)
                        .sack(5, 9)
                        .data(20));
                int changes = random.nextInt(6);
                for (int n = 0; n < changes; n++) {
                    packet[20 + random.nextInt(packet.length - 20)] = (byte) random.nextInt();
                }
                repairChecksum(packet);
                int cut = random.nextInt(4) == 0 ? random.nextInt(packet.length) : packet.length;
                trace.receivePacket(Arrays.copyOf(packet, cut));
            }
            assertThat(trace.stack.sockets()).isLessThanOrEqualTo(2);
        }
    }

    private static void repairChecksum(byte[] packet) {
        NetworkOrder.put16(packet, 36, 0);
        long pseudo = InternetChecksum.pseudoHeader(
                0, AddressWords.low(Trace.PEER), 0, AddressWords.low(Trace.US), IpProtocol.TCP);
        TcpHeader.writeChecksum(packet, 20, packet.length - 20, pseudo);
    }
}
