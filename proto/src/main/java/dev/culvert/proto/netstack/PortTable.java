package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// Who holds a port of this stack: two levels of 256, the second made when first used.
final class PortTable<T> {
    private final @Nullable Object[] @Nullable [] holders = new Object[256][];

    @SuppressWarnings("unchecked") // only put stores here, and it takes T
    @Nullable
    T get(int port) {
        @Nullable Object @Nullable [] row = holders[port >>> 8];
        return row == null ? null : (T) row[port & 0xff];
    }

    void put(int port, T holder) {
        @Nullable Object @Nullable [] row = holders[port >>> 8];
        if (row == null) {
            row = new Object[256];
            holders[port >>> 8] = row;
        }
        row[port & 0xff] = holder;
    }

    void remove(int port) {
        @Nullable Object @Nullable [] row = holders[port >>> 8];
        if (row != null) {
            row[port & 0xff] = null;
        }
    }
}
