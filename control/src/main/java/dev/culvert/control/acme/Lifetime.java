package dev.culvert.control.acme;

import java.time.Duration;
import java.time.Instant;

/// From when to when a certificate is good.
record Lifetime(Instant from, Instant until) {
    Duration length() {
        return Duration.between(from, until);
    }

    /// The moment when this part of it has passed.
    ///
    /// @param part 0 to 1
    Instant after(double part) {
        return from.plusMillis((long) (length().toMillis() * part));
    }

    Duration left(Instant now) {
        return Duration.between(now, until);
    }

    boolean isOver(Instant now) {
        return !now.isBefore(until);
    }
}
