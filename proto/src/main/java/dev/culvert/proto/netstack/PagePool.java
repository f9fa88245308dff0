package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// The buffer memory of one stack in pages of [#PAGE] bytes: hands them out up to a limit, keeps some that come
/// back.
///
/// Every ring may always have [#GUARANTEED] pages, so that a connection can make progress however tight memory
/// is.
final class PagePool {
    static final int PAGE_BITS = 14;
    static final int PAGE = 1 << PAGE_BITS;
    static final int GUARANTEED = 2;
    /// What the two ends of a long connection with losses give and take, again and again.
    private static final int KEPT = 1024;

    /// What a ring may hold at first. Who keeps up gets more within few round trips ([ReceiveTuning], [TcpSender]); a
    /// connection that nobody reads has not cost more than this, at either end.
    static final int FIRST_LIMIT = 64 * 1024;

    private final int limit;
    private byte[] @Nullable [] free = new byte[8][];
    private int freeCount;
    private int used;

    PagePool(long limitBytes) {
        this.limit = (int) Math.min(limitBytes >>> PAGE_BITS, Integer.MAX_VALUE);
    }

    /// A page with arbitrary content for a ring that holds `held`, or null if memory is used up.
    byte @Nullable [] take(int held) {
        if (used >= limit && held >= GUARANTEED) {
            return null;
        }
        used++;
        if (freeCount == 0) {
            return new byte[PAGE];
        }
        byte[] page = free[--freeCount];
        free[freeCount] = null;
        return page;
    }

    void give(byte[] page) {
        used--;
        if (freeCount == KEPT) {
            return;
        }
        if (freeCount == free.length) {
            byte[] @Nullable [] larger = new byte[free.length * 2][];
            System.arraycopy(free, 0, larger, 0, freeCount);
            free = larger;
        }
        free[freeCount++] = page;
    }

    /// Whether only guaranteed pages are left.
    boolean isTight() {
        return used >= limit;
    }

    /// Whether it is time that buffers stop to grow.
    boolean isHalfUsed() {
        return used >= limit / 2;
    }

    /// Whether little is left for those who need more.
    boolean isShort() {
        return used >= limit - limit / 4;
    }

    long limitBytes() {
        return (long) limit << PAGE_BITS;
    }

    int used() {
        return used;
    }
}
