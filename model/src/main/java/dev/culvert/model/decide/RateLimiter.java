package dev.culvert.model.decide;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Limits how often each key may do something, in constant memory and without a lock.
///
/// Generic cell rate algorithm (ITU-T I.371): a cell holds the time at which its next event would be exactly on pace.
/// Keys share cells by a keyed hash, so a stranger cannot pick the key whose cell he fills; cells are many enough
/// that a chance collision is rare, and its cost is a refusal within one burst.
final class RateLimiter {
    // What is not used for so long may be made up for: who wakes up late would lose it otherwise.
    private static final long CREDIT = 100_000_000L;

    // Pages come with the first key in them: a node that few visit does without the two megabytes of all.
    private static final int PAGE_BITS = 10;

    private final AtomicReferenceArray<@Nullable AtomicLongArray> pages;
    private final int pageBits;
    private final int cells;
    private final long start;

    /// @param bits there are two to the power of so many cells, of 8 bytes each
    /// @param start the clock's reading at construction; a monotonic clock may begin anywhere
    RateLimiter(int bits, long start) {
        this.pageBits = Math.min(bits, PAGE_BITS);
        this.pages = new AtomicReferenceArray<>(1 << (bits - pageBits));
        this.cells = 1 << bits;
        this.start = start;
    }

    /// What [#allow] would say, without an event.
    boolean wouldAllow(int hash, long interval, int burst, long now) {
        AtomicLongArray pace = pages.get(page(hash));
        return (pace == null ? 0 : pace.get(cell(hash))) - (now - start) <= interval * (burst - 1L);
    }

    /// @param interval nanoseconds from one event to the next in the long run
    /// @param burst how many at once, at least 1
    boolean allow(int hash, long interval, int burst, long now) {
        AtomicLongArray pace = pace(hash);
        int cell = cell(hash);
        long elapsed = now - start;
        long tolerance = interval * (burst - 1L);
        while (true) {
            long due = pace.get(cell);
            if (due - elapsed > tolerance) {
                return false;
            }
            if (pace.compareAndSet(cell, due, Math.max(due, elapsed) + interval)) {
                return true;
            }
        }
    }

    /// Takes `cost` nanoseconds of a cell's time, come or not.
    ///
    /// @return how far the cell is ahead of the clock now; negative where some of its credit is left
    long charge(int hash, long cost, long now) {
        AtomicLongArray pace = pace(hash);
        int cell = cell(hash);
        long elapsed = now - start;
        while (true) {
            long due = pace.get(cell);
            long next = Math.max(due, elapsed - CREDIT) + cost;
            if (pace.compareAndSet(cell, due, next)) {
                return next - elapsed;
            }
        }
    }

    private AtomicLongArray pace(int hash) {
        int page = page(hash);
        AtomicLongArray pace = pages.get(page);
        if (pace != null) {
            return pace;
        }
        AtomicLongArray fresh = new AtomicLongArray(1 << pageBits);
        AtomicLongArray first = pages.compareAndExchange(page, null, fresh);
        return first == null ? fresh : first;
    }

    private int page(int hash) {
        return (hash & (cells - 1)) >>> pageBits;
    }

    private int cell(int hash) {
        return hash & ((1 << pageBits) - 1);
    }
}
