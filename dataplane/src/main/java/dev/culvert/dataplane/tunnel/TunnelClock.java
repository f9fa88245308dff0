package dev.culvert.dataplane.tunnel;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/// Monotonic nanoseconds since this clock was made, the `now` of everything in a tunnel.
public final class TunnelClock {
    private final long origin = System.nanoTime();
    private final long wallOrigin = wallNanos(Instant.now());

    /// Nanoseconds since this clock was made; never negative, never going back.
    public long now() {
        return System.nanoTime() - origin;
    }

    /// Unix nanoseconds at `now() == 0`.
    public long wallOrigin() {
        return wallOrigin;
    }

    private static long wallNanos(Instant instant) {
        return TimeUnit.SECONDS.toNanos(instant.getEpochSecond()) + instant.getNano();
    }
}
