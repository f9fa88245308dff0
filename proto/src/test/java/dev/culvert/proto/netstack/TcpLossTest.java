package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Trace.established;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Trace;
import org.junit.jupiter.api.Test;

/// What the sender does about loss: timer, fast retransmit, NewReno and SACK recovery.
final class TcpLossTest {
    private static Trace sent(Trace trace, int segments) {
        trace.write(1000 * segments);
        for (int i = 0; i < segments; i++) {
            trace.expect(seg().seq(1 + 1000 * i).data(1000));
        }
        return trace;
    }

    private static Trace withSack() {
        return Trace.listening().roundTrip(20).handshake(syn().mss(1000).sackOk());
    }

    @Test
    void timer_noAck_repeatsTheFirstSegmentAndBacksOff() {
        Trace trace = sent(established(), 3);
        trace.timeoutAfter(200).expect(seg().seq(1).data(1000)).expectNothing();
        trace.timeoutAfter(400).expect(seg().seq(1).data(1000)).expectNothing();
        trace.timeoutAfter(800).expect(seg().seq(1).data(1000)).expectNothing();
    }

    @Test
    void timer_ackAfterRepeat_sendsTheRestInSlowStart() {
        Trace trace = sent(established(), 5);
        trace.timeoutAfter(200).expect(seg().seq(1).data(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(1001));
        trace.expect(seg().seq(1001).data(1000))
                .expect(seg().seq(2001).data(1000))
                .expectNothing();
        trace.receive(seg().seq(1).ack(5001)).expectNothing();
        assertThat(trace.stack.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void timer_silenceForTwoMinutes_fails() {
        Trace trace = sent(established(), 1);
        for (int i = 0; i < 8; i++) {
            trace.after((trace.stack.nextDeadline() - trace.now()) / 1_000_000 + 1);
        }
        trace.after(60_000).after(60_000);
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.TIMED_OUT);
    }

    @Test
    void timer_userTimeout_failsThen() {
        Trace trace = established();
        trace.socket().userTimeout(5_000_000_000L);
        sent(trace, 1).timeoutAfter(200).timeoutAfter(400).timeoutAfter(800).timeoutAfter(1600);
        // Not after 3200: the five seconds are over before.
        trace.after(1990).is(TcpState.ESTABLISHED).after(20).is(TcpState.CLOSED);
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.TIMED_OUT);
    }

    @Test
    void timer_restartsWithEachAck() {
        Trace trace = sent(established(), 2);
        trace.after(150).receive(seg().seq(1).ack(1001)).after(150).expectNothing();
    }

    @Test
    void threeDuplicates_withoutSack_resendAtOnce() {
        Trace trace = sent(established(), 5);
        trace.receive(seg().seq(1).ack(1))
                .expectNothing()
                .receive(seg().seq(1).ack(1))
                .expectNothing();
        trace.receive(seg().seq(1).ack(1)).expect(seg().seq(1).data(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(5001)).expectNothing();
    }

    @Test
    void duplicates_withNewDataWaiting_sendIt() {
        Trace trace = sent(established(), 10);
        trace.write(2000).expectNothing();
        // Limited transmit, RFC 3042.
        trace.receive(seg().seq(1).ack(1)).expect(seg().seq(10001).data(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(1)).expect(seg().seq(11001).data(1000)).expectNothing();
    }

    @Test
    void duplicates_thatAreWindowUpdates_doNotCount() {
        Trace trace = sent(established(), 5);
        for (int window = 30_000; window < 36_000; window += 1000) {
            trace.receive(seg().seq(1).ack(1).window(window)).expectNothing();
        }
    }

    @Test
    void partialAck_withoutSack_resendsTheNextHole() {
        Trace trace = sent(established(), 8);
        for (int i = 0; i < 3; i++) {
            trace.receive(seg().seq(1).ack(1));
        }
        trace.expect(seg().seq(1).data(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(3001)).expect(seg().seq(3001).data(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(8001)).expectNothing();
    }

    @Test
    void sack_threeSegmentsAboveAHole_resendOnlyTheHole() {
        Trace trace = sent(withSack(), 6).after(20);
        trace.receive(seg().seq(1).ack(1001)).expectNothing();
        trace.receive(seg().seq(1).ack(1001).sack(2001, 3001)).expectNothing();
        trace.receive(seg().seq(1).ack(1001).sack(2001, 4001)).expectNothing();
        trace.receive(seg().seq(1).ack(1001).sack(2001, 5001))
                .expect(seg().seq(1001).data(1000))
                .expectNothing();
        trace.receive(seg().seq(1).ack(5001)).expectNothing();
    }

    @Test
    void sack_twoHoles_bothAreResentWithinARoundTrip() {
        Trace trace = sent(withSack(), 10);
        trace.receive(seg().seq(1).ack(1).sack(1001, 2001));
        trace.receive(seg().seq(1).ack(1).sack(3001, 4001).sack(1001, 2001));
        trace.receive(seg().seq(1).ack(1).sack(3001, 6001).sack(1001, 2001))
                .expect(seg().seq(1).data(1000));
        trace.expect(seg().seq(2001).data(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(6001)).expectNothing();
    }

    @Test
    void sack_resentSegmentLostAgain_isResentWithoutTheTimer() {
        Trace trace = sent(withSack(), 10).after(20);
        trace.write(10_000);
        trace.receive(seg().seq(1).ack(1).sack(1001, 4001));
        trace.expect(seg().seq(1).data(1000)).after(1);
        trace.receive(seg().seq(1).ack(1).sack(1001, 10001));
        int next = 10_001;
        for (int i = 0; i < 6; i++) {
            trace.expect(seg().seq(next + 1000 * i).data(1000));
        }
        trace.after(20)
                .receive(seg().seq(1).ack(1).sack(1001, 14001))
                .expect(seg().seq(1).data(1000));
    }

    @Test
    void sack_blocksThatCannotBe_areIgnored() {
        Trace trace = sent(withSack(), 4);
        trace.receive(seg().seq(1).ack(1001).sack(2001, 90_000).sack(500, 900).sack(3001, 3001))
                .expectNothing();
        trace.receive(seg().seq(1).ack(4001)).expectNothing();
    }

    @Test
    void timestamps_ofARepeat_giveTheRoundTripTime() {
        Trace trace = established(syn().mss(1000).timestamps(1, 0)).write(500).expect(seg().data(500));
        trace.after(250).expect(seg().data(500));
        int stamp = trace.lastTimestamp();
        trace.after(300).receive(seg().seq(1).ack(501).timestamps(2, stamp));
        trace.write(1).expect(seg().data(1));
        // 300 ms is the sample that counts, not 550 or nothing.
        assertThat((trace.stack.nextDeadline() - trace.now()) / 1_000_000).isBetween(230L, 400L);
    }

    @Test
    void idle_longerThanATimeout_beginsAgainWithTheInitialWindow() {
        Trace trace = established().write(10_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(1000));
        }
        trace.write(20_000).expectNothing().receive(seg().seq(1).ack(10_001));
        for (int i = 0; i < 20; i++) {
            trace.expect(seg().data(1000));
        }
        trace.receive(seg().seq(1).ack(30_001)).after(5000).write(60_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(1000));
        }
        trace.expectNothing();
    }
}
