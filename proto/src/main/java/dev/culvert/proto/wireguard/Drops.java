package dev.culvert.proto.wireguard;

import org.jspecify.annotations.Nullable;

/// One counter per [Drop], and the reason of the latest one.
// The constants index an array of counters and nothing else.
@SuppressWarnings("EnumOrdinal")
final class Drops {
    private static final Drop[] REASONS = Drop.values();

    private final long[] counts = new long[REASONS.length];
    private @Nullable Drop last;

    void count(Drop reason) {
        counts[reason.ordinal()]++;
        last = reason;
    }

    void count(Drop reason, int times) {
        counts[reason.ordinal()] += times;
    }

    long get(Drop reason) {
        return counts[reason.ordinal()];
    }

    /// Forgets the latest reason, at the start of what may drop.
    void clearLast() {
        last = null;
    }

    @Nullable
    Drop last() {
        return last;
    }
}
