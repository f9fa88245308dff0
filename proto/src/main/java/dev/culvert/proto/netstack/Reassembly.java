package dev.culvert.proto.netstack;

/// Which bytes beyond `rcvNxt` have arrived: the ranges of a receiver whose bytes already lie in its ring, and
/// the source of its SACK blocks (RFC 2018 §4).
final class Reassembly {
    /// A sender in normal trouble leaves a handful of holes; who makes more has its segments dropped until they
    /// close.
    static final int MAX_RANGES = 128;

    private final SeqRanges ranges = new SeqRanges(MAX_RANGES);

    boolean isEmpty() {
        return ranges.count() == 0;
    }

    /// Notes that `[start, end)` has arrived; false if there are too many gaps.
    boolean add(int start, int end) {
        return ranges.add(start, end);
    }

    /// The end of what is contiguous with `rcvNxt`; forgets everything up to it.
    int advance(int rcvNxt) {
        int next = rcvNxt;
        // A segment may fill several gaps at once: its sender has cut anew what it sends again.
        for (int i = 0; i < ranges.count() && SeqNum.atMost(ranges.start(i), next); i++) {
            next = SeqNum.max(next, ranges.end(i));
        }
        ranges.removeBelow(next);
        return next;
    }

    /// The end of what has arrived from `seq` on; `seq` if it has not.
    int endOfRangeWith(int seq) {
        return ranges.endOfRangeWith(seq);
    }

    /// Fills in SACK blocks from the one numbered `first` up to `most`, the most recently changed first; returns how
    /// many there are then.
    int blocks(int[] starts, int[] ends, int first, int most) {
        int stamp = ranges.newestStamp();
        int n = first;
        while (n < most) {
            int index = ranges.mostRecentBefore(stamp);
            if (index < 0) {
                break;
            }
            starts[n] = ranges.start(index);
            ends[n] = ranges.end(index);
            stamp = ranges.stamp(index);
            n++;
        }
        return n;
    }

    void clear() {
        ranges.clear();
    }
}
