package dev.culvert.proto.netstack;

import java.util.Arrays;

/// What was sent and is not acknowledged, segment by segment: when each left last, and whether it is in the
/// network, reported to have arrived (SACK, RFC 2018), or lost (RFC 8985 §5.2).
///
/// Segments lie in a ring in order of their numbers, and those in the network are linked in the order in which
/// they left, so that nothing ever looks at all of them.
final class SentSegments {
    static final int NONE = -1;
    /// Enough for 6 MiB of small segments; a sender of single bytes waits.
    static final int MOST = 16_384;

    /// Holes that are kept apart: as many as every second segment of 6 MiB leaves, as a queue that overflows does.
    private static final int MOST_REPORTED = 4096;

    /// Most connections rest most of the time, with a table of this size.
    private static final int FIRST = 4;
    private static final int KEPT = 64;
    private static final byte SACKED = 1;
    private static final byte LOST = 2;
    private static final byte RESENT = 4;

    private final Rack rack;
    /// What SACK has reported, whole or in parts.
    private final SeqRanges reported = new SeqRanges();
    private int[] starts = {};
    private long[] times = {};
    private byte[] flags = {};
    private int[] older = {};
    private int[] newer = {};
    private int head;
    private int count;
    private int end;
    private int oldest = NONE;
    private int newest = NONE;

    private int sackedBytes;
    private int sackedCount;
    private int lostBytes;
    /// No segment that begins below is lost.
    private int lostFrom;
    /// How often something was lost that had been sent again.
    private int lostAgain;

    SentSegments(Rack rack) {
        this.rack = rack;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    /// Bytes that are neither known to have arrived nor to be lost.
    int inNetwork() {
        return count == 0 ? 0 : end - starts[head] - sackedBytes - lostBytes;
    }

    int sackedBytes() {
        return sackedBytes;
    }

    int sackedCount() {
        return sackedCount;
    }

    int lostBytes() {
        return lostBytes;
    }

    int lostAgain() {
        return lostAgain;
    }

    int start(int slot) {
        return starts[slot];
    }

    int end(int slot) {
        return indexOf(slot) + 1 == count ? end : starts[(slot + 1) & mask()];
    }

    long sentAt(int slot) {
        return times[slot];
    }

    boolean isResent(int slot) {
        return (flags[slot] & RESENT) != 0;
    }

    boolean isSacked(int slot) {
        return (flags[slot] & SACKED) != 0;
    }

    /// The first in the order of numbers; only if not empty.
    int first() {
        return head;
    }

    /// The last in the order of numbers that is not reported, or [#NONE].
    int lastUnreported() {
        for (int index = count - 1; index >= 0; index--) {
            if (!isSacked(slot(index))) {
                return slot(index);
            }
        }
        return NONE;
    }

    /// The one in the network that left first, or [#NONE].
    int oldest() {
        return oldest;
    }

    /// The one in the network that left after this one, or [#NONE].
    int newer(int slot) {
        return newer[slot];
    }

    /// A new segment, right behind the last one.
    void add(int start, int to, long now) {
        if (count == starts.length) {
            grow(Math.max(FIRST, 2 * count));
        }
        if (count == 0) {
            lostFrom = start;
        }
        int slot = slot(count);
        starts[slot] = start;
        flags[slot] = 0;
        times[slot] = now;
        count++;
        end = to;
        linkNewest(slot);
    }

    /// Everything below `ack` has arrived.
    void acknowledge(int ack, Delivery delivery, long now) {
        while (count > 0 && SeqNum.atMost(end(head), ack)) {
            account(head, end(head) - starts[head], delivery, now);
            if ((flags[head] & (SACKED | LOST)) == 0) {
                unlink(head);
            }
            head = (head + 1) & mask();
            count--;
        }
        if (count > 0 && SeqNum.before(starts[head], ack)) {
            account(head, ack - starts[head], delivery, now);
            starts[head] = ack;
        }
        reported.removeBelow(ack);
        lostFrom = SeqNum.max(lostFrom, ack);
        if (count == 0) {
            reset();
        }
    }

    private void account(int slot, int length, Delivery delivery, long now) {
        if (isSacked(slot)) {
            sackedBytes -= length;
            sackedCount -= length == end(slot) - starts[slot] ? 1 : 0;
            return;
        }
        if ((flags[slot] & LOST) != 0) {
            lostBytes -= length;
        }
        delivered(slot, length, delivery, now);
    }

    private void delivered(int slot, int length, Delivery delivery, long now) {
        delivery.add(length, end(slot), times[slot], isResent(slot));
        rack.delivered(times[slot], end(slot), isResent(slot), now);
    }

    /// The peer reports `[from, to)`, which lies within what is out.
    void report(int from, int to, Delivery delivery, long now) {
        int at = from;
        while (SeqNum.before(at, to)) {
            int covered = reported.endOfRangeWith(at);
            if (covered != at) {
                at = covered;
                continue;
            }
            int next = SeqNum.min(to, reported.startAfter(at, to));
            if (!reported.add(at, next, Math.clamp(count, 256, MOST_REPORTED))) {
                return;
            }
            markReported(at, next, delivery, now);
            at = next;
        }
    }

    /// Marks the segments that the range which now contains `[from, to)` covers whole.
    private void markReported(int from, int to, Delivery delivery, long now) {
        int low = reported.startOfRangeWith(from);
        int high = reported.endOfRangeWith(from);
        for (int index = find(from); index < count; index++) {
            int slot = slot(index);
            if (SeqNum.atLeast(starts[slot], to)) {
                return;
            }
            if (SeqNum.atLeast(starts[slot], low) && SeqNum.atMost(end(slot), high) && !isSacked(slot)) {
                mark(slot, delivery, now);
            }
        }
    }

    private void mark(int slot, Delivery delivery, long now) {
        int length = end(slot) - starts[slot];
        if ((flags[slot] & LOST) != 0) {
            lostBytes -= length;
        } else {
            unlink(slot);
        }
        flags[slot] = (byte) ((flags[slot] & ~LOST) | SACKED);
        sackedBytes += length;
        sackedCount++;
        delivered(slot, length, delivery, now);
    }

    /// Gives up on one that is in the network.
    void markLost(int slot) {
        unlink(slot);
        lostAgain += isResent(slot) ? 1 : 0;
        flags[slot] |= LOST;
        lostBytes += end(slot) - starts[slot];
        lostFrom = SeqNum.min(lostFrom, starts[slot]);
    }

    /// Gives up on the first segment of all, if it is in the network.
    void markFirstLost() {
        if (count > 0 && (flags[head] & (SACKED | LOST)) == 0) {
            markLost(head);
        }
    }

    /// Gives up on all that is in the network and left at or before `sentAt`.
    void markLostSentUntil(long sentAt) {
        for (int slot = oldest; slot != NONE; ) {
            int next = newer[slot];
            if (times[slot] <= sentAt) {
                markLost(slot);
            }
            slot = next;
        }
    }

    /// What was reported may have been discarded since (RFC 2018 §8): it counts as lost.
    void forgetReports() {
        reported.clear();
        for (int index = 0; index < count; index++) {
            int slot = slot(index);
            if (isSacked(slot)) {
                flags[slot] = (byte) ((flags[slot] & ~SACKED) | LOST);
                lostBytes += end(slot) - starts[slot];
                lostFrom = SeqNum.min(lostFrom, starts[slot]);
            }
        }
        sackedBytes = 0;
        sackedCount = 0;
    }

    /// Nothing is lost after all: it is in the network as before.
    void unmarkLost() {
        for (int index = count - 1; index >= 0; index--) {
            int slot = slot(index);
            if ((flags[slot] & LOST) != 0) {
                flags[slot] &= ~LOST;
                linkOldest(slot);
            }
        }
        lostBytes = 0;
    }

    /// The first lost segment in the order of numbers, or [#NONE].
    int firstLost() {
        if (lostBytes == 0) {
            return NONE;
        }
        for (int index = find(lostFrom); index < count; index++) {
            int slot = slot(index);
            if ((flags[slot] & LOST) != 0) {
                lostFrom = starts[slot];
                return slot;
            }
        }
        throw new IllegalStateException(lostBytes + " bytes lost, but no segment");
    }

    /// A segment has left once more.
    void resent(int slot, long now) {
        if ((flags[slot] & LOST) != 0) {
            lostBytes -= end(slot) - starts[slot];
        } else {
            unlink(slot);
        }
        flags[slot] = RESENT;
        times[slot] = now;
        linkNewest(slot);
    }

    /// Cuts everything into segments of at most `size`; what is not reported counts as lost.
    void recut(int size) {
        SentSegments before = copy();
        int first = starts[head];
        int last = end;
        clear();
        int index = 0;
        while (index < before.count) {
            int run = before.runFrom(index);
            recut(before, index, run, size);
            index = run;
        }
        lostFrom = first;
        end = last;
        for (int i = 0; i < before.reported.count(); i++) {
            reported.add(before.reported.start(i), before.reported.end(i), MOST_REPORTED);
        }
    }

    /// The index behind the segments from `index` on that are all reported, or all not.
    private int runFrom(int index) {
        int next = index + 1;
        while (next < count && isSacked(slot(next)) == isSacked(slot(index))) {
            next++;
        }
        return next;
    }

    private void recut(SentSegments before, int index, int behind, int size) {
        int to = before.end(before.slot(behind - 1));
        int first = before.slot(index);
        for (int from = before.starts[first]; SeqNum.before(from, to); from += size) {
            add(from, from + Math.min(size, to - from), before.times[first]);
            int added = slot(count - 1);
            if (before.isSacked(first)) {
                unlink(added);
                flags[added] = SACKED;
                sackedBytes += end - from;
                sackedCount++;
            } else {
                markLost(added);
            }
        }
    }

    private SentSegments copy() {
        SentSegments copy = new SentSegments(rack);
        copy.starts = starts.clone();
        copy.times = times.clone();
        copy.flags = flags.clone();
        copy.head = head;
        copy.count = count;
        copy.end = end;
        for (int i = 0; i < reported.count(); i++) {
            copy.reported.add(reported.start(i), reported.end(i), MOST_REPORTED);
        }
        return copy;
    }

    /// Forgets everything, and gives its memory back.
    void clear() {
        reset();
        trim();
    }

    private void reset() {
        head = 0;
        count = 0;
        oldest = NONE;
        newest = NONE;
        sackedBytes = 0;
        sackedCount = 0;
        lostBytes = 0;
        reported.clear();
    }

    /// Gives back memory that is more than a short exchange needs, if nothing is out.
    void trim() {
        if (count == 0 && starts.length > KEPT) {
            starts = new int[0];
            times = new long[0];
            flags = new byte[0];
            older = new int[0];
            newer = new int[0];
        }
    }

    private int mask() {
        return starts.length - 1;
    }

    private int slot(int index) {
        return (head + index) & mask();
    }

    private int indexOf(int slot) {
        return (slot - head) & mask();
    }

    /// The index of the segment that contains `seq`; 0 if it lies below all of them.
    private int find(int seq) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (SeqNum.atMost(starts[slot(middle)], seq)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private void linkNewest(int slot) {
        older[slot] = newest;
        newer[slot] = NONE;
        if (newest == NONE) {
            oldest = slot;
        } else {
            newer[newest] = slot;
        }
        newest = slot;
    }

    private void linkOldest(int slot) {
        older[slot] = NONE;
        newer[slot] = oldest;
        if (oldest == NONE) {
            newest = slot;
        } else {
            older[oldest] = slot;
        }
        oldest = slot;
    }

    private void unlink(int slot) {
        if (older[slot] == NONE) {
            oldest = newer[slot];
        } else {
            newer[older[slot]] = newer[slot];
        }
        if (newer[slot] == NONE) {
            newest = older[slot];
        } else {
            older[newer[slot]] = older[slot];
        }
    }

    private void grow(int size) {
        int[] oldOlder = older;
        int[] oldNewer = newer;
        int[] movedStarts = new int[size];
        long[] movedTimes = new long[size];
        byte[] movedFlags = new byte[size];
        older = new int[size];
        newer = new int[size];
        for (int index = 0; index < count; index++) {
            int slot = slot(index);
            movedStarts[index] = starts[slot];
            movedTimes[index] = times[slot];
            movedFlags[index] = flags[slot];
            older[index] = oldOlder[slot] == NONE ? NONE : indexOf(oldOlder[slot]);
            newer[index] = oldNewer[slot] == NONE ? NONE : indexOf(oldNewer[slot]);
        }
        oldest = oldest == NONE ? NONE : indexOf(oldest);
        newest = newest == NONE ? NONE : indexOf(newest);
        starts = movedStarts;
        times = movedTimes;
        flags = movedFlags;
        head = 0;
        Arrays.fill(older, count, size, NONE);
    }
}
