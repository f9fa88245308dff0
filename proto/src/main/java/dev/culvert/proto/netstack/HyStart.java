package dev.culvert.proto.netstack;

/// HyStart++ (RFC 9406): when round trips grow longer in slow start, the queue is filling; then the window grows
/// more slowly for some rounds, and slow start ends unless the queue was a passing one.
final class HyStart {
    private static final long MIN_RTT_THRESHOLD = 4_000_000L;
    private static final long MAX_RTT_THRESHOLD = 16_000_000L;
    private static final int RTT_DIVISOR = 8;
    private static final int SAMPLES = 8;
    private static final int GROWTH_DIVISOR = 4;
    private static final int ROUNDS = 5;

    private boolean started;
    private int roundEnd;
    private long lastMinRtt = Long.MAX_VALUE;
    private long minRtt = Long.MAX_VALUE;
    private int samples;
    private boolean conservative;
    private int conservativeRounds;
    private long baseline;

    /// A sample of slow start; true if it is over.
    boolean roundTrip(int ack, int sndMax, long rtt) {
        boolean over = false;
        if (!started || SeqNum.atLeast(ack, roundEnd)) {
            over = started && conservative && ++conservativeRounds >= ROUNDS;
            started = true;
            roundEnd = sndMax;
            lastMinRtt = minRtt;
            minRtt = Long.MAX_VALUE;
            samples = 0;
        }
        minRtt = Math.min(minRtt, rtt);
        samples++;
        if (samples >= SAMPLES) {
            judge();
        }
        return over;
    }

    private void judge() {
        if (conservative) {
            // Shorter again: what had filled the queue is gone.
            conservative = minRtt >= baseline;
        } else if (lastMinRtt != Long.MAX_VALUE) {
            long threshold = Math.clamp(lastMinRtt / RTT_DIVISOR, MIN_RTT_THRESHOLD, MAX_RTT_THRESHOLD);
            if (minRtt >= lastMinRtt + threshold) {
                conservative = true;
                conservativeRounds = 0;
                baseline = minRtt;
            }
        }
    }

    /// By how much the window grows for so many acknowledged bytes.
    double growth(int bytes) {
        return conservative ? (double) bytes / GROWTH_DIVISOR : bytes;
    }
}
