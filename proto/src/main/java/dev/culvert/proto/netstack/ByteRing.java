package dev.culvert.proto.netstack;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A bounded queue of bytes on pages of a [PagePool]: takes a page when bytes reach it and gives it back when
/// they have left, so an empty ring holds no memory and a hole in it only its page table.
///
/// Bytes are numbered from the beginning of the stream. `start..end` are in the queue; a receiver may also place
/// bytes beyond `end` and append them later.
final class ByteRing {
    private static final int MASK = PagePool.PAGE - 1;
    private static final byte[] @Nullable [] NONE = new byte[0][];

    private final PagePool pool;
    private int limit;
    private byte[] @Nullable [] pages = NONE;
    private int held;
    private long start;
    private long end;
    private long highest;

    ByteRing(PagePool pool, int limit) {
        this.pool = pool;
        this.limit = limit;
    }

    int size() {
        return (int) (end - start);
    }

    int free() {
        return limit - size();
    }

    int limit() {
        return limit;
    }

    /// From now on it may hold so many bytes, no fewer than before.
    void limit(int bytes) {
        limit = Math.max(limit, bytes);
    }

    /// How many pages it holds.
    int pages() {
        return held;
    }

    /// The number of the first byte in the queue.
    long start() {
        return start;
    }

    /// The number that the next appended byte gets.
    long end() {
        return end;
    }

    /// The bytes that the pages already held, and those the pool guarantees, have room for after `end`.
    int assured() {
        long firstPage = start >>> PagePool.PAGE_BITS;
        long assuredEnd = (firstPage + Math.max(held, PagePool.GUARANTEED)) << PagePool.PAGE_BITS;
        return Math.clamp(assuredEnd - end, 0, free());
    }

    /// Appends what fits; returns how many bytes were taken from `source`.
    int append(ByteBuffer source) {
        int taken = 0;
        int wanted = Math.min(source.remaining(), free());
        while (taken < wanted) {
            byte[] page = pageAt(end);
            if (page == null) {
                break;
            }
            int at = (int) end & MASK;
            int n = Math.min(wanted - taken, PagePool.PAGE - at);
            source.get(page, at, n);
            taken += n;
            end += n;
        }
        highest = Math.max(highest, end);
        return taken;
    }

    /// Copies bytes to `position`, which lies at or after `start`; false, with nothing usable copied, if memory
    /// is used up. They join the queue when [#extend] reaches them.
    boolean place(long position, byte[] source, int offset, int length) {
        long to = position;
        int from = offset;
        int left = length;
        while (left > 0) {
            byte[] page = pageAt(to);
            if (page == null) {
                return false;
            }
            int at = (int) to & MASK;
            int n = Math.min(left, PagePool.PAGE - at);
            System.arraycopy(source, from, page, at, n);
            to += n;
            from += n;
            left -= n;
        }
        highest = Math.max(highest, to);
        return true;
    }

    /// Appends `length` bytes that [#place] has put behind the end.
    void extend(int length) {
        end += length;
        highest = Math.max(highest, end);
    }

    /// Copies bytes from `position` without taking them from the queue.
    void copy(long position, byte[] target, int offset, int length) {
        long from = position;
        int to = offset;
        int left = length;
        while (left > 0) {
            int at = (int) from & MASK;
            int n = Math.min(left, PagePool.PAGE - at);
            System.arraycopy(held(from), at, target, to, n);
            from += n;
            to += n;
            left -= n;
        }
    }

    /// Moves bytes from the queue to `target`; returns how many.
    int read(ByteBuffer target) {
        int wanted = Math.min(target.remaining(), size());
        int done = 0;
        while (done < wanted) {
            int at = (int) start & MASK;
            int n = Math.min(wanted - done, PagePool.PAGE - at);
            target.put(held(start), at, n);
            done += n;
            discard(n);
        }
        return done;
    }

    /// Drops `length` bytes from the front of the queue.
    void discard(int length) {
        long oldPage = start >>> PagePool.PAGE_BITS;
        start += length;
        long page = start >>> PagePool.PAGE_BITS;
        for (long passed = oldPage; passed < page; passed++) {
            release(passed);
        }
        if (start == highest) {
            release(page);
        }
    }

    /// Drops what [#place] has put behind the end, for nothing will ever reach it.
    void dropBehindEnd() {
        long first = (end + PagePool.PAGE - 1) >>> PagePool.PAGE_BITS;
        for (long page = first; page << PagePool.PAGE_BITS < highest; page++) {
            release(page);
        }
        highest = end;
        if (start == end) {
            release(start >>> PagePool.PAGE_BITS);
        }
    }

    /// Drops everything and gives all memory back.
    void clear() {
        for (int slot = 0; slot < pages.length; slot++) {
            byte[] page = pages[slot];
            if (page != null) {
                pool.give(page);
            }
        }
        pages = NONE;
        held = 0;
        start = highest;
        end = highest;
    }

    private void release(long number) {
        int slot = (int) number & (pages.length - 1);
        if (pages.length > 0) {
            byte[] page = pages[slot];
            if (page != null) {
                pool.give(page);
                pages[slot] = null;
                held--;
            }
        }
    }

    private byte[] held(long position) {
        byte[] page = pages[(int) (position >>> PagePool.PAGE_BITS) & (pages.length - 1)];
        if (page == null) {
            throw new IllegalStateException("no byte at " + position);
        }
        return page;
    }

    private byte @Nullable [] pageAt(long position) {
        long number = position >>> PagePool.PAGE_BITS;
        if (number - (start >>> PagePool.PAGE_BITS) >= pages.length) {
            growTable(number);
        }
        int slot = (int) number & (pages.length - 1);
        byte[] page = pages[slot];
        if (page == null) {
            page = pool.take(held);
            if (page != null) {
                pages[slot] = page;
                held++;
            }
        }
        return page;
    }

    private void growTable(long number) {
        long first = start >>> PagePool.PAGE_BITS;
        int size = Math.max(2, Integer.highestOneBit((int) (number - first)) * 2);
        byte[] @Nullable [] larger = new byte[size][];
        for (int i = 0; i < pages.length; i++) {
            int slot = (int) (first + i) & (pages.length - 1);
            larger[(int) (first + i) & (size - 1)] = pages[slot];
        }
        pages = larger;
    }
}
