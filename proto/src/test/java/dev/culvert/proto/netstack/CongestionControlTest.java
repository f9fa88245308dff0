package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CongestionControlTest {
    private static final int MSS = 1000;
    private static final long RTT = 100_000_000L;

    /// Acknowledges whole windows for so many round trips; returns the time after.
    private static long rounds(CongestionControl control, int count, long from) {
        long now = from;
        for (int i = 0; i < count; i++) {
            now += RTT;
            int window = control.window();
            for (int acked = 0; acked < window; acked += MSS) {
                control.acknowledged(Math.min(MSS, window - acked), RTT, now);
            }
        }
        return now;
    }

    @Test
    void newReno_doublesThenHalvesThenAddsASegmentPerRound() {
        NewReno reno = new NewReno(MSS);
        assertThat(reno.window()).isEqualTo(10 * MSS);
        rounds(reno, 2, 0);
        assertThat(reno.window()).isEqualTo(40 * MSS);
        reno.lossDetected(40 * MSS, 0);
        assertThat(reno.window()).isEqualTo(20 * MSS);
        rounds(reno, 5, 0);
        assertThat(reno.window()).isEqualTo(25 * MSS);
    }

    @Test
    void newReno_afterATimeout_startsFromOneSegment() {
        NewReno reno = new NewReno(MSS);
        rounds(reno, 2, 0);
        reno.timedOut(40 * MSS, false, 0);
        assertThat(reno.window()).isEqualTo(MSS);
        reno.timedOut(MSS, true, 0);
        rounds(reno, 5, 0);
        assertThat(reno.window()).isBetween(20 * MSS, 22 * MSS);
    }

    @Test
    void cubic_returnsToTheOldWindowAlongTheCurve() {
        Cubic cubic = new Cubic(MSS);
        rounds(cubic, 3, 0);
        assertThat(cubic.window()).isEqualTo(80 * MSS);
        cubic.lossDetected(80 * MSS, 0);
        assertThat(cubic.window()).isEqualTo(56 * MSS);
        // K = cbrt(80 * 0.3 / 0.4) = 3.9 s (RFC 9438 §4.2).
        long now = rounds(cubic, 20, 0);
        assertThat(cubic.window()).isBetween(70 * MSS, 79 * MSS);
        now = rounds(cubic, 20, now);
        assertThat(cubic.window()).isBetween(78 * MSS, 82 * MSS);
        rounds(cubic, 40, now);
        assertThat(cubic.window()).isGreaterThan(100 * MSS);
    }

    @Test
    void cubic_lossBeforeItIsBack_leavesRoom() {
        Cubic cubic = new Cubic(MSS);
        rounds(cubic, 3, 0);
        cubic.lossDetected(0, 0);
        cubic.lossDetected(0, 0);
        rounds(cubic, 25, 0);
        assertThat(cubic.window()).isLessThan(57 * MSS);
    }

    @Test
    void cubic_shortRoundTrips_growsAtLeastLikeReno() {
        Cubic cubic = new Cubic(MSS);
        cubic.lossDetected(0, 0);
        int before = cubic.window();
        for (int i = 0; i < 50; i++) {
            int window = cubic.window();
            for (int acked = 0; acked < window; acked += MSS) {
                cubic.acknowledged(MSS, 1_000_000, i * 1_000_000L);
            }
        }
        // 0.53 segments per round trip until the old window, then one.
        assertThat(cubic.window() - before).isGreaterThan(25 * MSS);
    }

    @Test
    void restartAfterIdle_keepsAtMostTheInitialWindow() {
        CongestionControl[] both = {new NewReno(MSS), new Cubic(MSS)};
        for (CongestionControl control : both) {
            rounds(control, 3, 0);
            control.restartAfterIdle(0);
            assertThat(control.window()).isEqualTo(10 * MSS);
        }
    }

    /// Acknowledges one window, of which each segment shows this round-trip time.
    private static int round(Cubic cubic, int ack, long rtt) {
        int window = cubic.window();
        int end = ack + window;
        for (int at = ack + MSS; at <= end; at += MSS) {
            cubic.roundTrip(at, end + window, rtt);
            cubic.acknowledged(MSS, rtt, 0);
        }
        return end;
    }

    @Test
    void hyStart_roundTripsGrowLonger_slowStartEndsAfterFiveSlowRounds() {
        Cubic cubic = new Cubic(MSS);
        int ack = round(cubic, 0, 100_000_000L);
        ack = round(cubic, ack, 100_000_000L);
        int before = cubic.window();
        assertThat(before).isEqualTo(40 * MSS);
        // More than an eighth longer: the queue fills.
        ack = round(cubic, ack, 120_000_000L);
        assertThat(cubic.window()).isLessThan(2 * before);
        for (int i = 0; i < 6; i++) {
            ack = round(cubic, ack, 120_000_000L);
        }
        int over = cubic.window();
        round(cubic, ack, 120_000_000L);
        // No more by a quarter per round trip.
        assertThat(cubic.window()).isLessThan(over + over / 8);
    }

    @Test
    void hyStart_queueWasAPassingOne_slowStartGoesOn() {
        Cubic cubic = new Cubic(MSS);
        int ack = round(cubic, 0, 100_000_000L);
        ack = round(cubic, ack, 120_000_000L);
        for (int i = 0; i < 2; i++) {
            ack = round(cubic, ack, 100_000_000L);
        }
        int before = cubic.window();
        round(cubic, ack, 100_000_000L);
        assertThat(cubic.window()).isEqualTo(2 * before);
    }

    @Test
    void undo_bringsTheWindowBack() {
        CongestionControl[] both = {new NewReno(MSS), new Cubic(MSS)};
        for (CongestionControl control : both) {
            rounds(control, 3, 0);
            int before = control.window();
            control.lossDetected(before, 0);
            control.undo();
            assertThat(control.window()).isEqualTo(before);
            control.timedOut(before, false, 0);
            control.undo();
            assertThat(control.window()).isEqualTo(before);
        }
    }
}
