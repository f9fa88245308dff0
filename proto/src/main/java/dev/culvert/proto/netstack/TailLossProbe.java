package dev.culvert.proto.netstack;

/// The tail loss probe (RFC 8985 §7): when the last of a flight stays unanswered for two round trips, one segment
/// more tells what was lost, long before the timer does.
final class TailLossProbe {
    /// How long a peer may hold the acknowledgment of a single segment back (§7.2).
    private static final long MAX_ACK_DELAY = 200_000_000L;
    /// What loops and timers add.
    private static final long SLACK = 2_000_000L;

    private static final long WITHOUT_RTT = 1_000_000_000L;

    private boolean out;
    private int end;
    private boolean resent;
    private boolean duplicated;

    /// Whether a probe is on its way, so that no other may leave.
    boolean isOut() {
        return out;
    }

    static long timeout(long srtt, boolean single) {
        return srtt == 0 ? WITHOUT_RTT : 2 * srtt + (single ? MAX_ACK_DELAY : SLACK);
    }

    /// A probe has left that ends at `sndMax`.
    void sent(int sndMax, boolean again) {
        out = true;
        end = sndMax;
        resent = again;
        duplicated = false;
    }

    void cancel() {
        out = false;
    }

    /// The peer reports a duplicate that ends here.
    void duplicated(int duplicateEnd) {
        duplicated |= out && duplicateEnd == end;
    }

    /// Takes an acknowledgment; true if it shows that the probe has repaired a loss which nobody else noticed
    /// (§7.4.2).
    boolean hasRepaired(int ack, boolean duplicate) {
        if (!out || SeqNum.before(ack, end)) {
            return false;
        }
        if (!resent || duplicated || (ack == end && duplicate)) {
            out = false;
            return false;
        }
        boolean repaired = SeqNum.after(ack, end);
        out = !repaired;
        return repaired;
    }
}
