package dev.culvert.proto.netstack;

/// Lets through a burst, then so many per second.
final class TokenBucket {
    private final int burst;
    private final long interval;
    private long fullAt;

    TokenBucket(int burst, int perSecond) {
        this.burst = burst;
        this.interval = 1_000_000_000L / perSecond;
    }

    boolean take(long now) {
        long next = Math.max(fullAt, now) + interval;
        if (next - now > burst * interval) {
            return false;
        }
        fullAt = next;
        return true;
    }
}
