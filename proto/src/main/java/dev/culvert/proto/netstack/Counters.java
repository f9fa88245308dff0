package dev.culvert.proto.netstack;

/// One counter per [Drop].
@SuppressWarnings("EnumOrdinal") // an index that lives as long as the array
final class Counters {
    private final long[] counts = new long[Drop.values().length];

    void count(Drop reason) {
        counts[reason.ordinal()]++;
    }

    long of(Drop reason) {
        return counts[reason.ordinal()];
    }
}
