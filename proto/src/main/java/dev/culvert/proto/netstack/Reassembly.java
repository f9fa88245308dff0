package dev.culvert.proto.netstack;

/// Which bytes beyond `rcvNxt` have arrived: the ranges of a receiver whose bytes already lie in its ring, and
/// the source of its SACK blocks (RFC 2018 §4).
final class Reassembly {
    /// A sender in normal trouble leaves a handful of holes; who makes more, and does not fill what lies between
    /// them, has its segments dropped until they close.
    static final int MAX_RANGES = 128;
    /// A queue that overflows may lose every second segment of a window. Such ranges are a kilobyte apart at least,
    /// so that to keep them costs a hundredth of what their bytes do.
    static final int RANGES_PER_PAGE = PagePool.PAGE / 1024;

    private static final int MOST = 4096;
    private static final int RECENT = 4;

    private final SeqRanges ranges = new SeqRanges();
    /// A byte of each of the ranges that were changed last, the latest first; no two are of one range.
    private final int[] recent = new int[RECENT];

    private int recentCount;

    boolean isEmpty() {
        return ranges.count() == 0;
    }

    /// Notes that `[start, end)` has arrived; false if there are too many gaps for so many pages of bytes.
    boolean add(int start, int end, int pages) {
        if (!ranges.add(start, end, Math.min(MOST, MAX_RANGES + pages * RANGES_PER_PAGE))) {
            return false;
        }
        int low = ranges.startOfRangeWith(start);
        int high = ranges.endOfRangeWith(start);
        int kept = 0;
        int last = start;
        for (int i = 0; i < recentCount && kept < RECENT - 1; i++) {
            int seq = recent[i];
            if (SeqNum.before(seq, low) || SeqNum.atLeast(seq, high)) {
                recent[kept++] = last;
                last = seq;
            }
        }
        recent[kept] = last;
        recentCount = kept + 1;
        return true;
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
        int n = first;
        for (int i = 0; i < recentCount && n < most; i++) {
            int end = ranges.endOfRangeWith(recent[i]);
            if (end != recent[i]) {
                starts[n] = ranges.startOfRangeWith(recent[i]);
                ends[n] = end;
                n++;
            }
        }
        // What was changed last has been filled in since: others that have not been told of so often.
        for (int i = 0; i < ranges.count() && n < most; i++) {
            if (!isAmong(ranges.start(i), starts, first, n)) {
                starts[n] = ranges.start(i);
                ends[n] = ranges.end(i);
                n++;
            }
        }
        return n;
    }

    private static boolean isAmong(int start, int[] starts, int from, int to) {
        for (int i = from; i < to; i++) {
            if (starts[i] == start) {
                return true;
            }
        }
        return false;
    }

    void clear() {
        ranges.clear();
        recentCount = 0;
    }
}
