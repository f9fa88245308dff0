package dev.culvert.proto.netstack;

/// Slow start and additive increase with appropriate byte counting (RFC 5681 §3.1, RFC 3465).
final class NewReno implements CongestionControl {
    private int mss;
    private int window;
    private int threshold = Integer.MAX_VALUE;
    private int counted;
    private int windowBefore;
    private int thresholdBefore;

    NewReno(int mss) {
        this.mss = mss;
        this.window = INITIAL_SEGMENTS * mss;
    }

    @Override
    public int window() {
        return window;
    }

    @Override
    public void acknowledged(int bytes, long srtt, long now) {
        int left = bytes;
        if (window < threshold) {
            int grown = Math.min(bytes, threshold - window);
            window += grown;
            left -= grown;
        }
        counted += left;
        if (counted >= window) {
            counted -= window;
            window += mss;
        }
    }

    @Override
    public void roundTrip(int ack, int sndMax, long rtt) {}

    @Override
    public void lossDetected(int flight, long now) {
        save();
        // Not more than half of the window either: with SACK, flight may exceed it.
        threshold = Math.max(Math.min(flight, window) / 2, 2 * mss);
        window = threshold;
        counted = 0;
    }

    @Override
    public void recovered(int flight) {
        int conserved = flight + INITIAL_SEGMENTS * mss;
        if (conserved < window) {
            threshold = window;
            window = conserved;
        }
    }

    @Override
    public void timedOut(int flight, boolean again, long now) {
        if (!again) {
            save();
            threshold = Math.max(flight / 2, 2 * mss);
        }
        window = mss;
        counted = 0;
    }

    private void save() {
        windowBefore = window;
        thresholdBefore = threshold;
    }

    @Override
    public void undo() {
        window = Math.max(window, windowBefore);
        threshold = Math.max(threshold, thresholdBefore);
    }

    @Override
    public void restartAfterIdle(long now) {
        window = Math.min(window, INITIAL_SEGMENTS * mss);
    }

    @Override
    public void segmentSize(int bytes) {
        if (threshold == Integer.MAX_VALUE && window == INITIAL_SEGMENTS * mss) {
            window = INITIAL_SEGMENTS * bytes;
        }
        // One segment after a timeout is one segment.
        window = window <= mss ? bytes : Math.max(window, bytes);
        mss = bytes;
    }
}
