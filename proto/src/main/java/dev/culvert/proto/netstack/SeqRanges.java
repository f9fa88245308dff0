package dev.culvert.proto.netstack;

import java.util.Arrays;

/// A sorted set of disjoint ranges of sequence numbers `[start, end)`; arrays grow as needed.
final class SeqRanges {
    private static final int[] NONE = {};
    /// Arrays of this size stay for the next time.
    private static final int KEPT = 16;

    private int[] starts = NONE;
    private int[] ends = NONE;
    private int count;

    int count() {
        return count;
    }

    int start(int index) {
        return starts[index];
    }

    int end(int index) {
        return ends[index];
    }

    /// Adds a range and merges it with those it touches; false if that would make more than `limit` ranges.
    boolean add(int start, int end, int limit) {
        int first = lastAtMost(start);
        if (first < 0 || SeqNum.before(ends[first], start)) {
            first++;
        }
        int next = first;
        int from = start;
        int to = end;
        while (next < count && SeqNum.atMost(starts[next], end)) {
            from = SeqNum.min(from, starts[next]);
            to = SeqNum.max(to, ends[next]);
            next++;
        }
        if (next == first && count >= limit) {
            return false;
        }
        replace(first, next, from, to);
        return true;
    }

    private void replace(int first, int next, int from, int to) {
        if (next == first) {
            insertAt(first);
        } else if (next > first + 1) {
            shift(next, first + 1);
        }
        starts[first] = from;
        ends[first] = to;
    }

    private void insertAt(int index) {
        if (count == starts.length) {
            int size = Math.max(4, count * 2);
            starts = Arrays.copyOf(starts, size);
            ends = Arrays.copyOf(ends, size);
        }
        shift(index, index + 1);
    }

    /// Moves everything from index `from` on to index `to`.
    private void shift(int from, int to) {
        System.arraycopy(starts, from, starts, to, count - from);
        System.arraycopy(ends, from, ends, to, count - from);
        count += to - from;
    }

    /// The end of the range that contains `seq`, or `seq` if none does.
    int endOfRangeWith(int seq) {
        int index = lastAtMost(seq);
        return index >= 0 && SeqNum.after(ends[index], seq) ? ends[index] : seq;
    }

    /// The start of the range that contains `seq`, or `seq` if none does.
    int startOfRangeWith(int seq) {
        int index = lastAtMost(seq);
        return index >= 0 && SeqNum.after(ends[index], seq) ? starts[index] : seq;
    }

    /// Where the first range behind `seq` starts, or `otherwise` if there is none.
    int startAfter(int seq, int otherwise) {
        int index = lastAtMost(seq) + 1;
        return index < count ? starts[index] : otherwise;
    }

    private int lastAtMost(int seq) {
        int low = -1;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >> 1;
            if (SeqNum.atMost(starts[middle], seq)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /// Forgets everything below `seq`.
    void removeBelow(int seq) {
        int gone = 0;
        while (gone < count && SeqNum.atMost(ends[gone], seq)) {
            gone++;
        }
        if (gone > 0) {
            shift(gone, 0);
        }
        if (count > 0 && SeqNum.before(starts[0], seq)) {
            starts[0] = seq;
        }
    }

    void clear() {
        count = 0;
        if (starts.length > KEPT) {
            starts = NONE;
            ends = NONE;
        }
    }
}
