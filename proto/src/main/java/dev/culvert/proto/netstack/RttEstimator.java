package dev.culvert.proto.netstack;

/// Smoothed round-trip time and retransmission timeout (RFC 6298), in nanoseconds.
final class RttEstimator {
    static final long INITIAL_RTO = 1_000_000_000L;
    static final long MAX_RTO = 60_000_000_000L;
    /// RFC 6298 §2.4 asks for an RTO of at least 1 s, from days of 500 ms clocks. Current stacks floor the
    /// variance term instead, which still leaves room for a delayed acknowledgment on any path.
    static final long MIN_VARIANCE = 200_000_000L;

    private long srtt;
    private long rttvar;
    private int backoff;

    void sample(long rtt) {
        if (srtt == 0) {
            srtt = Math.max(1, rtt);
            rttvar = rtt / 2;
        } else {
            rttvar += (Math.abs(srtt - rtt) - rttvar) / 4;
            srtt = Math.max(1, srtt + (rtt - srtt) / 8);
        }
    }

    /// The smoothed time, or 0 before the first sample.
    long srtt() {
        return srtt;
    }

    /// The timeout with its current back-off.
    long rto() {
        long base = srtt == 0 ? INITIAL_RTO : srtt + Math.max(MIN_VARIANCE, 4 * rttvar);
        return Math.min(MAX_RTO, base << Math.min(backoff, 10));
    }

    /// Doubles the timeout (RFC 6298 §5.5).
    void backOff() {
        backoff++;
    }

    /// How often the timeout was doubled since new data was last acknowledged.
    int backoff() {
        return backoff;
    }

    void resetBackoff() {
        backoff = 0;
    }
}
