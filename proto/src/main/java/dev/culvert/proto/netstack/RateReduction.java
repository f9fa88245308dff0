package dev.culvert.proto.netstack;

/// Proportional rate reduction (RFC 6937, with the refinement of its successor RFC 9937): how much may be sent
/// during fast recovery, in step with what arrives.
///
/// Without it, marking many segments lost at once would let as many go out in one burst, into the very queue that
/// has just overflowed.
final class RateReduction {
    private long delivered;
    private long out;
    private int flightAtLoss;
    private int budget;

    /// Recovery begins with `flight` bytes out.
    void start(int flight) {
        delivered = 0;
        out = 0;
        budget = 0;
        flightAtLoss = Math.max(flight, 1);
    }

    /// An acknowledgment says that `bytes` more have arrived; `pipe` are still in the network, and `target` is
    /// where the window is to end up. Below that, as much goes out as came in, and a segment more if the
    /// acknowledgment was `safe`: it moved `sndUna` and told of no further loss.
    void delivered(int bytes, int pipe, int target, boolean safe, int segment) {
        delivered += bytes;
        if (pipe > target) {
            budget = (int) ((delivered * target + flightAtLoss - 1) / flightAtLoss - out);
        } else {
            long conserved = delivered - out;
            long limit = safe ? Math.max(conserved, bytes) + segment : conserved;
            budget = (int) Math.min(target - pipe, limit);
        }
    }

    void sent(int bytes) {
        out += bytes;
        budget -= bytes;
    }

    /// Bytes that may be sent now; none if not positive.
    int budget() {
        return budget;
    }
}
