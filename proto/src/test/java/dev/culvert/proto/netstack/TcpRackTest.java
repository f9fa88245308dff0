package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.fin;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Seg;
import dev.culvert.proto.netstack.testing.Trace;
import org.junit.jupiter.api.Test;

/// Loss found by time: RACK and the tail loss probe (RFC 8985), and reductions that are taken back (RFC 3708,
/// RFC 3522, RFC 5682). The round trip takes 100 ms.
final class TcpRackTest {
    private static Trace connection(Seg syn) {
        return Trace.listening().roundTrip(100).handshake(syn);
    }

    private static Trace withSack() {
        return connection(syn().mss(1000).sackOk());
    }

    private static Trace sent(Trace trace, int segments) {
        trace.write(1000 * segments);
        for (int i = 0; i < segments; i++) {
            trace.expect(seg().seq(1 + 1000 * i).data(1000));
        }
        return trace;
    }

    private static LossRecovery recovery(Trace trace) {
        return trace.socket().sender.recovery;
    }

    @Test
    void oneSegmentAboveAHole_waitsAQuarterOfARoundTrip() {
        Trace trace = sent(withSack(), 4).after(100);
        trace.receive(seg().seq(1).ack(1).sack(1001, 2001)).expectNothing();
        trace.timeoutAfter(25).expect(seg().seq(1).data(1000)).expectNothing();
    }

    @Test
    void reordering_withinTheWindow_isNoLoss() {
        Trace trace = sent(withSack(), 4).after(100);
        trace.receive(seg().seq(1).ack(1).sack(1001, 2001)).after(20);
        trace.receive(seg().seq(1).ack(2001)).expectNothing().after(30).expectNothing();
        assertThat(recovery(trace).state()).isEqualTo(LossRecovery.State.OPEN);
        assertThat(recovery(trace).rack.sawReordering()).isTrue();
    }

    @Test
    void reordering_seenBefore_threeSegmentsAboveAHoleWaitToo() {
        Trace trace = sent(withSack(), 8).after(100);
        trace.receive(seg().seq(1).ack(1).sack(1001, 2001)).receive(seg().seq(1).ack(2001));
        trace.receive(seg().seq(1).ack(2001).sack(3001, 6001)).expectNothing();
        trace.timeoutAfter(25).expect(seg().seq(2001).data(1000)).expectNothing();
    }

    @Test
    void lostRetransmission_isFoundByWhatLeftAfterIt() {
        Trace trace = sent(withSack(), 6).write(3000).expect(seg().data(1000));
        trace.expect(seg().data(1000)).expect(seg().data(1000)).write(8000).expect(seg().data(1000));
        trace.after(100).receive(seg().seq(1).ack(1).sack(1001, 4001));
        trace.expect(seg().seq(1).data(1000)).after(10);
        trace.receive(seg().seq(1).ack(1).sack(1001, 10001));
        trace.expect(seg().seq(10001).data(1000)).expect(seg().seq(11001).data(1000));
        trace.expect(seg().seq(12001).data(1000));
        // What left 10 ms after the retransmission arrives, the retransmission does not.
        trace.after(100).receive(seg().seq(1).ack(1).sack(1001, 13001));
        trace.expect(seg().seq(1).data(1000));
    }

    @Test
    void tailLost_probeAfterTwoRoundTripsAndTheAnswerRepairs() {
        Trace trace = sent(withSack(), 4).after(100).receive(seg().seq(1).ack(1001));
        // 2 x 100 ms and 2 ms of slack; the timer would take 300 ms.
        trace.timeoutAfter(202).expect(seg().seq(3001).data(1000)).expectNothing();
        trace.after(100).receive(seg().seq(1).ack(1001).sack(3001, 4001));
        trace.expect(seg().seq(1001).data(1000)).expectNothing();
        trace.after(100)
                .receive(seg().seq(1).ack(2001).sack(3001, 4001))
                .expect(seg().seq(2001).data(1000));
        assertThat(recovery(trace).timeouts).isZero();
    }

    @Test
    void tailLost_newDataIsTheProbe() {
        Trace trace = connection(syn().mss(1000).sackOk()).write(12_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(1000));
        }
        trace.expectNothing()
                .timeoutAfter(202)
                .expect(seg().seq(10001).data(1000))
                .expectNothing();
    }

    @Test
    void lastSegmentLost_probeRepairsIt_andTheWindowIsReduced() {
        Trace trace = sent(withSack(), 10).after(100).receive(seg().seq(1).ack(9001));
        int before = recovery(trace).congestion.window();
        trace.after(299).expectNothing().after(1).expect(seg().seq(9001).data(1000));
        trace.after(100).receive(seg().seq(1).ack(10001)).write(1000).expect(seg().data(1000));
        trace.after(100).receive(seg().seq(1).ack(11001));
        assertThat(recovery(trace).congestion.window()).isLessThan(before);
        assertThat(recovery(trace).timeouts).isZero();
    }

    @Test
    void probe_wasNotNeeded_duplicateReportKeepsTheWindow() {
        Trace trace = sent(withSack(), 10).after(100).receive(seg().seq(1).ack(9001));
        int before = recovery(trace).congestion.window();
        trace.after(300).expect(seg().seq(9001).data(1000)).receive(seg().seq(1).ack(10001));
        trace.after(100).receive(seg().seq(1).ack(10001).sack(9001, 10001));
        trace.write(1000)
                .expect(seg().data(1000))
                .after(100)
                .receive(seg().seq(1).ack(11001));
        assertThat(recovery(trace).congestion.window()).isEqualTo(before);
    }

    @Test
    void probe_unanswered_timerFollows() {
        Trace trace = sent(withSack(), 2);
        trace.timeoutAfter(202).expect(seg().seq(1001).data(1000));
        trace.timeoutAfter(300).expect(seg().seq(1).data(1000)).expectNothing();
        assertThat(recovery(trace).timeouts).isEqualTo(1);
    }

    @Test
    void probe_finOnly_isSentAgain() {
        Trace trace = withSack().shutdown().expect(fin().seq(1));
        trace.timeoutAfter(300)
                .expect(fin().seq(1))
                .receive(seg().seq(1).ack(2))
                .is(TcpState.FIN_WAIT_2);
    }

    @Test
    void recovery_everyRetransmissionWasADuplicate_isTakenBack() {
        Trace trace = sent(withSack(), 10).after(100);
        int before = recovery(trace).congestion.window();
        trace.receive(seg().seq(1).ack(1).sack(1001, 4001)).expect(seg().seq(1).data(1000));
        assertThat(recovery(trace).congestion.window()).isLessThan(before);
        trace.receive(seg().seq(1).ack(4001)).after(100);
        trace.receive(seg().seq(1).ack(10001).sack(1, 1001));
        assertThat(recovery(trace).congestion.window()).isGreaterThanOrEqualTo(before);
        assertThat(recovery(trace).undone).isEqualTo(1);
    }

    @Test
    void recovery_ackOfTheOriginal_isTakenBackByItsTimestamp() {
        Trace trace = connection(syn().mss(1000).sackOk().timestamps(1, 0)).write(9880);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(988));
        }
        int stamp = trace.lastTimestamp();
        trace.after(100).receive(seg().seq(1).ack(1).timestamps(2, stamp).sack(989, 3953));
        trace.expect(seg().seq(1).data(988)).after(5);
        trace.receive(seg().seq(1).ack(3953).timestamps(3, stamp));
        assertThat(recovery(trace).state()).isEqualTo(LossRecovery.State.OPEN);
        assertThat(recovery(trace).undone).isEqualTo(1);
    }

    @Test
    void timeout_spurious_lateAcksTakeItBack() {
        Trace trace = withSack().write(20_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(1000));
        }
        int before = recovery(trace).congestion.window();
        trace.timeoutAfter(202).expect(seg().seq(10001).data(1000));
        trace.timeoutAfter(300).expect(seg().seq(1).data(1000)).expectNothing();
        assertThat(recovery(trace).congestion.window()).isEqualTo(1000);
        // The acknowledgment of the original; new data goes, not what counts as lost (F-RTO).
        trace.receive(seg().seq(1).ack(1001));
        trace.expect(seg().seq(11001).data(1000))
                .expect(seg().seq(12001).data(1000))
                .expectNothing();
        trace.receive(seg().seq(1).ack(2001));
        assertThat(recovery(trace).undone).isEqualTo(1);
        assertThat(recovery(trace).congestion.window()).isGreaterThanOrEqualTo(before);
    }

    @Test
    void timeout_real_dataAboveItArrives_restIsSentAgain() {
        Trace trace = withSack().write(20_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(1000));
        }
        trace.timeoutAfter(202).expect(seg().seq(10001).data(1000));
        trace.timeoutAfter(300).expect(seg().seq(1).data(1000)).expectNothing();
        trace.after(100).receive(seg().seq(1).ack(1001));
        trace.expect(seg().seq(11001).data(1000))
                .expect(seg().seq(12001).data(1000))
                .expectNothing();
        trace.after(100).receive(seg().seq(1).ack(1001).sack(11001, 12001));
        trace.expect(seg().seq(1001).data(1000));
        assertThat(recovery(trace).undone).isZero();
    }

    @Test
    void duplicate_isReportedOnce() {
        withSack()
                .receive(seg().seq(1).ack(1).data(1000))
                .expect(seg().ack(1001))
                .receive(seg().seq(1).ack(1).data(1000))
                .expect(seg().ack(1001).sack(1, 1001))
                .receive(seg().seq(1001).ack(1).data(1000))
                .expect(seg().ack(2001));
    }

    @Test
    void duplicate_aboveAGap_isReportedBeforeItsRange() {
        withSack()
                .receive(seg().seq(1001).ack(1).data(2000))
                .expect(seg().ack(1).sack(1001, 3001))
                .receive(seg().seq(2001).ack(1).data(1000))
                .expect(seg().ack(1).sack(2001, 3001).sack(1001, 3001));
    }
}
