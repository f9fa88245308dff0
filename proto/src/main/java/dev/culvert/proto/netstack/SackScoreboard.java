package dev.culvert.proto.netstack;

/// What the peer has reported to hold beyond `sndUna` (RFC 2018, RFC 6675 §3).
final class SackScoreboard {
    private static final int DUPLICATE_THRESHOLD = 3;

    private final SeqRanges ranges = new SeqRanges(256);

    boolean isEmpty() {
        return ranges.count() == 0;
    }

    /// Takes the SACK blocks of an acknowledgment; returns how many bytes are newly reported. Blocks that do not
    /// lie within `sndUna..sndMax` are ignored.
    int update(TcpOptions options, int sndUna, int sndMax) {
        if (options.sackCount == 0) {
            return 0;
        }
        int before = sacked(sndUna, sndMax);
        for (int i = 0; i < options.sackCount; i++) {
            int start = options.sackStarts[i];
            int end = options.sackEnds[i];
            if (SeqNum.after(start, sndUna) && SeqNum.before(start, end) && SeqNum.atMost(end, sndMax)) {
                ranges.add(start, end);
            }
        }
        return sacked(sndUna, sndMax) - before;
    }

    void acknowledge(int sndUna) {
        ranges.removeBelow(sndUna);
    }

    /// Reported bytes within `[from, to)`.
    int sacked(int from, int to) {
        int sum = 0;
        for (int i = 0; i < ranges.count(); i++) {
            int low = SeqNum.max(ranges.start(i), from);
            int high = SeqNum.min(ranges.end(i), to);
            if (SeqNum.before(low, high)) {
                sum += high - low;
            }
        }
        return sum;
    }

    /// Everything unreported below the result counts as lost: above it three ranges, or more than two segments,
    /// have arrived (`IsLost`, RFC 6675 §4). Returns `sndUna` if nothing is.
    int lostBelow(int sndUna, int segment) {
        int bytes = 0;
        for (int i = ranges.count() - 1; i >= 0; i--) {
            bytes += ranges.end(i) - ranges.start(i);
            if (ranges.count() - i >= DUPLICATE_THRESHOLD || bytes > (DUPLICATE_THRESHOLD - 1) * segment) {
                return ranges.start(i);
            }
        }
        return sndUna;
    }

    /// The first byte at or after `seq` that is not reported.
    int holeFrom(int seq) {
        int at = seq;
        for (int i = 0; i < ranges.count(); i++) {
            if (SeqNum.atMost(ranges.start(i), at)) {
                at = SeqNum.max(at, ranges.end(i));
            }
        }
        return at;
    }

    /// Where the hole that contains `seq` ends, at most `end`.
    int holeEnd(int seq, int end) {
        for (int i = 0; i < ranges.count(); i++) {
            if (SeqNum.after(ranges.start(i), seq)) {
                return SeqNum.min(ranges.start(i), end);
            }
        }
        return end;
    }

    /// The end of the highest reported range; only if not empty.
    int highest() {
        return ranges.end(ranges.count() - 1);
    }

    void clear() {
        ranges.clear();
    }
}
