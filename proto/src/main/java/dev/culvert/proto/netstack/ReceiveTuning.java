package dev.culvert.proto.netstack;

/// How large a window to offer: twice what the reader takes in a round trip, so that the sender never waits for it,
/// and more while that still grows (dynamic right-sizing, Fisk and Feng, 2001).
final class ReceiveTuning {
    private static final long LEAST_INTERVAL = 1_000_000L;

    private final int largest;
    /// Smoothed, in nanoseconds; 0 before the first.
    private long rtt;

    private long since;
    private long takenSince;
    private long space;

    ReceiveTuning(int largest) {
        this.largest = largest;
    }

    /// A segment in order echoes a timestamp of so many milliseconds ago.
    void roundTrip(int millis) {
        if (millis >= 0 && millis < 60_000) {
            long sample = Math.max(millis, 1) * 1_000_000L;
            rtt = rtt == 0 ? sample : rtt + (sample - rtt) / 8;
        }
    }

    /// Data arrives; `fallback` is the sender's round-trip time.
    void arrived(ByteRing ring, PagePool pool, int segment, long fallback, long now) {
        long interval = Math.max(rtt == 0 ? fallback : rtt, LEAST_INTERVAL);
        if (now - since < interval) {
            return;
        }
        long taken = ring.start() - takenSince;
        if (taken > space) {
            if (space > 0 && !pool.isHalfUsed()) {
                double wanted = 2.0 * taken + 16.0 * segment;
                wanted += 2 * wanted * (taken - space) / space;
                // Slow start doubles, and a gap holds up what has come behind it. Who promises more at once holds
                // megabytes of what a reader has stopped to take.
                ring.limit((int) Math.min(Math.min(wanted, 4.0 * ring.limit()), largest));
            }
            // What came at once behind a gap says nothing that the window could not carry again.
            space = Math.min(taken, ring.limit() / 2);
        }
        since = now;
        takenSince = ring.start();
    }
}
