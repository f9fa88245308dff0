package dev.culvert.model.decide;

/// How fast one connection or request may go: its visitor's bytes a second and its service's, in each direction.
///
/// Nobody is refused here and nothing is lost: who has carried too much reads no more for a while. Every byte is
/// charged, whoever shares the rate, so that it holds in the long run however late somebody wakes up. May be used on
/// any
/// loop.
public final class Allowance {
    // How far a rate may be ahead before reading pauses: a timer for less would cost more than it saves.
    private static final long SLACK = 20_000_000L;

    private final Share visitor;
    private final Share service;

    /// One rate that others may share.
    ///
    /// @param nanosPerKibibyte what 1024 bytes cost; 0 for nothing
    record Share(RateLimiter cells, int hash, long nanosPerKibibyte) {
        static long cost(long bytesPerSecond) {
            return bytesPerSecond == 0 ? 0 : 1_024_000_000_000L / bytesPerSecond;
        }

        long charge(int direction, int bytes, long now) {
            return nanosPerKibibyte == 0 ? 0 : cells.charge(hash ^ direction, bytes * nanosPerKibibyte / 1024, now);
        }
    }

    Allowance(Share visitor, Share service) {
        this.visitor = visitor;
        this.service = service;
    }

    /// Charges what came from the visitor.
    ///
    /// @return nanoseconds until more shall be read, 0 for at once
    public long inward(int bytes, long now) {
        return charge(0, bytes, now);
    }

    /// Charges what goes to the visitor.
    ///
    /// @return nanoseconds until more shall be read, 0 for at once
    public long outward(int bytes, long now) {
        return charge(1, bytes, now);
    }

    private long charge(int direction, int bytes, long now) {
        long ahead = Math.max(visitor.charge(direction, bytes, now), service.charge(direction, bytes, now));
        return ahead > SLACK ? ahead : 0;
    }

    /// Most bytes that one read should take, so that it goes on in small steps: a twentieth of a second's.
    public int step() {
        long dearest = Math.max(visitor.nanosPerKibibyte, service.nanosPerKibibyte);
        return Math.clamp(50_000_000L * 1024 / Math.max(1, dearest), 512, 65_536);
    }
}
