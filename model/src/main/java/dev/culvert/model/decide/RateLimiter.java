package dev.culvert.model.decide;

import java.util.concurrent.atomic.AtomicLongArray;

/// Limits how fast each address opens connections, in constant memory and without a lock.
///
/// Generic cell rate algorithm (ITU-T I.371): a cell holds the time at which its next event would be exactly on pace.
/// Addresses
/// share cells by a keyed hash, so a stranger cannot pick the address whose cell he fills; cells are many enough that a
/// chance collision is rare, and its cost is a refused connection within one burst.
final class RateLimiter {
    private static final int CELLS = 1 << 16;

    private final AtomicLongArray pace = new AtomicLongArray(CELLS);
    private final long interval;
    private final long tolerance;
    private final long start;

    /// @param perSecond at least 1
    /// @param start the clock's reading at construction; a monotonic clock may begin anywhere
    RateLimiter(int perSecond, int burst, long start) {
        this.interval = 1_000_000_000L / perSecond;
        this.tolerance = interval * (burst - 1L);
        this.start = start;
    }

    /// What [#allow] would say, without an event.
    boolean wouldAllow(int hash, long now) {
        return pace.get(hash & (CELLS - 1)) - (now - start) <= tolerance;
    }

    boolean allow(int hash, long now) {
        int cell = hash & (CELLS - 1);
        long elapsed = now - start;
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
}
