package dev.culvert.proto.netstack;

/// CUBIC (RFC 9438): the window grows along a cubic curve around the size at which loss last happened, but never
/// slower than Reno would.
final class Cubic implements CongestionControl {
    private static final double C = 0.4;
    private static final double BETA = 0.7;
    private static final double RENO_ALPHA = 3 * (1 - BETA) / (1 + BETA);
    private static final double SECOND = 1e9;

    private int mss;
    private double window;
    private double threshold = Double.MAX_VALUE;
    private double windowMax;
    private double renoWindow;
    /// Seconds from the start of the epoch until the curve is back at `windowMax`.
    private double k;

    private long epoch = -1;
    /// Only the first slow start looks at round-trip times (RFC 9406 §4.3).
    private final HyStart hyStart = new HyStart();
    /// As before the last reduction.
    private double savedWindow;

    private double savedThreshold;
    private double savedMax;
    private double savedReno;
    private double savedK;
    private long savedEpoch;

    Cubic(int mss) {
        this.mss = mss;
        this.window = INITIAL_SEGMENTS * (double) mss;
    }

    @Override
    public int window() {
        return (int) Math.min(window, 1 << 30);
    }

    @Override
    public void acknowledged(int bytes, long srtt, long now) {
        if (window < threshold) {
            double grown = threshold == Double.MAX_VALUE ? hyStart.growth(bytes) : bytes;
            window = Math.min(window + grown, Math.max(threshold, window));
            return;
        }
        if (epoch < 0) {
            beginEpoch(now);
        }
        double target = Math.clamp(curve((now - epoch + srtt) / SECOND), window, 1.5 * window);
        renoWindow += RENO_ALPHA * mss * bytes / window;
        if (renoWindow >= windowMax) {
            renoWindow += (1 - RENO_ALPHA) * mss * bytes / window;
        }
        window = Math.max(window + (target - window) * bytes / window, renoWindow);
    }

    @Override
    public void roundTrip(int ack, int sndMax, long rtt) {
        if (threshold == Double.MAX_VALUE && hyStart.roundTrip(ack, sndMax, rtt)) {
            threshold = window;
        }
    }

    private void beginEpoch(long now) {
        epoch = now;
        renoWindow = window;
        windowMax = Math.max(windowMax, window);
        k = Math.cbrt((windowMax - window) / mss / C);
    }

    private double curve(double seconds) {
        double t = seconds - k;
        return C * t * t * t * mss + windowMax;
    }

    @Override
    public void lossDetected(int flight, long now) {
        save();
        reduce();
        window = threshold;
    }

    @Override
    public void recovered(int flight) {
        double conserved = flight + INITIAL_SEGMENTS * mss;
        if (conserved < window) {
            threshold = window;
            window = conserved;
        }
    }

    @Override
    public void timedOut(int flight, boolean again, long now) {
        if (!again) {
            save();
            reduce();
        }
        window = mss;
    }

    private void reduce() {
        // Fast convergence (RFC 9438 §4.7): a flow that lost before it was back leaves room for newer ones.
        windowMax = window < windowMax ? window * (1 + BETA) / 2 : window;
        threshold = Math.max(window * BETA, 2.0 * mss);
        epoch = -1;
    }

    private void save() {
        savedWindow = window;
        savedThreshold = threshold;
        savedMax = windowMax;
        savedReno = renoWindow;
        savedK = k;
        savedEpoch = epoch;
    }

    @Override
    public void undo() {
        window = Math.max(window, savedWindow);
        threshold = Math.max(threshold, savedThreshold);
        windowMax = savedMax;
        renoWindow = savedReno;
        k = savedK;
        epoch = savedEpoch;
    }

    @Override
    public void restartAfterIdle(long now) {
        window = Math.min(window, INITIAL_SEGMENTS * (double) mss);
        epoch = -1;
    }

    @Override
    public void segmentSize(int bytes) {
        if (threshold == Double.MAX_VALUE && window == INITIAL_SEGMENTS * (double) mss) {
            window = INITIAL_SEGMENTS * (double) bytes;
        }
        // One segment after a timeout is one segment.
        window = window <= mss ? bytes : Math.max(window, bytes);
        mss = bytes;
    }
}
