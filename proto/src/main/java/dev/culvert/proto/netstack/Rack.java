package dev.culvert.proto.netstack;

/// Recent acknowledgment, the R and A of RACK-TLP (RFC 8985 §6): what left before something that has arrived, and
/// by more than packets overtake each other on this path, is lost.
final class Rack {
    private static final int DUPLICATE_THRESHOLD = 3;
    private static final int PERSIST = 16;
    private static final int MOST_MULTIPLES = 64;
    /// How long the least round-trip time holds at most; routes change.
    private static final long MIN_RTT_EXPIRY = 300_000_000_000L;

    /// When the last sent of all that has arrived left, and its end.
    private long sentAt = Long.MIN_VALUE;

    private int end;
    private long rtt;
    private long minRtt = Long.MAX_VALUE;
    private long minRttAt;
    /// The highest end of what has arrived.
    private int forward;

    private boolean started;
    private boolean reordering;
    private int multiples = 1;
    private int persist = PERSIST;
    private boolean widened;
    private int widenedUntil;
    /// The echoed timestamp of the acknowledgment in hand, if it has one, and what to add to a time for its stamp.
    private boolean hasEcho;

    private int echo;
    private int stampOffset;

    /// An acknowledgment is to be taken, which echoes a timestamp or not.
    void begin(TcpOptions options, int offset) {
        hasEcho = options.hasTimestamps;
        echo = options.timestampEcho;
        stampOffset = offset;
    }

    /// A segment has arrived (§6.2, steps 1 to 3).
    void delivered(long segmentSentAt, int segmentEnd, boolean resent, long now) {
        noteOrder(segmentEnd, resent);
        long elapsed = now - segmentSentAt;
        if (resent && (isEchoOfEarlier(segmentSentAt) || elapsed < minRtt(now))) {
            // Which transmission arrived? Not the last one.
            return;
        }
        roundTrip(elapsed, now);
        if (isAfter(segmentSentAt, segmentEnd)) {
            sentAt = segmentSentAt;
            end = segmentEnd;
            rtt = elapsed;
        }
    }

    /// A round trip took so long.
    void roundTrip(long elapsed, long now) {
        if (elapsed <= minRtt || now - minRttAt > MIN_RTT_EXPIRY) {
            minRtt = elapsed;
            minRttAt = now;
        }
    }

    private void noteOrder(int segmentEnd, boolean resent) {
        if (!started || SeqNum.after(segmentEnd, forward)) {
            forward = segmentEnd;
            started = true;
        } else if (SeqNum.before(segmentEnd, forward) && !resent) {
            reordering = true;
        }
    }

    private boolean isEchoOfEarlier(long segmentSentAt) {
        return hasEcho && SeqNum.before(echo, (int) (segmentSentAt / 1_000_000) + stampOffset);
    }

    private boolean isAfter(long otherSentAt, int otherEnd) {
        return otherSentAt > sentAt || (otherSentAt == sentAt && SeqNum.after(otherEnd, end));
    }

    /// The least round-trip time of late, or 0 if there was none.
    long minRtt(long now) {
        return minRtt == Long.MAX_VALUE || now - minRttAt > MIN_RTT_EXPIRY ? 0 : minRtt;
    }

    boolean sawReordering() {
        return reordering;
    }

    /// What was believed lost has arrived.
    void reordered() {
        reordering = true;
    }

    /// What was sent again had arrived: the peer has told so. Once per round trip the window grows (§6.2, step 4).
    void duplicateReported(int sndUna, int sndMax) {
        if (!widened || SeqNum.atLeast(sndUna, widenedUntil)) {
            widened = true;
            widenedUntil = sndMax;
            multiples = Math.min(multiples + 1, MOST_MULTIPLES);
            persist = PERSIST;
        }
    }

    /// Recovery is over; after sixteen the window is narrow again.
    void recovered() {
        persist--;
        if (persist <= 0) {
            multiples = 1;
            persist = PERSIST;
        }
    }

    private long window(int reported, boolean recovering, long srtt, long now) {
        if (!reordering && (recovering || reported >= DUPLICATE_THRESHOLD)) {
            return 0;
        }
        return Math.min(multiples * (minRtt(now) / 4), srtt);
    }

    /// Marks what is lost (§6.2, step 5). Returns in how many nanoseconds to look again, or 0 for no need.
    ///
    /// @param recovering whether loss is being repaired already
    long detect(SentSegments sent, boolean recovering, long srtt, long now) {
        long window = window(sent.sackedCount(), recovering, srtt, now);
        long wait = 0;
        int slot = sent.oldest();
        while (slot != SentSegments.NONE && !isAfter(sent.sentAt(slot), sent.end(slot))) {
            int next = sent.newer(slot);
            long remaining = sent.sentAt(slot) + rtt + window - now;
            if (remaining <= 0) {
                sent.markLost(slot);
            } else {
                wait = Math.max(wait, remaining);
            }
            slot = next;
        }
        return wait;
    }

    /// What left at or before the result has been out for longer than a round trip and the window: after a
    /// timeout it counts as lost (§6.3).
    long overdueBefore(SentSegments sent, long srtt, long now) {
        return now - rtt - window(sent.sackedCount(), true, srtt, now);
    }
}
