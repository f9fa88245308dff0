package dev.culvert.control.machine;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Whether a clock can be right. A board without a battery wakes up in 1970, or where it was switched off.
public final class SaneClock {
    /// No copy of this program is older.
    public static final Instant EARLIEST = Instant.parse("2026-01-01T00:00:00Z");

    /// A copy that is older than this has outlived every token and certificate of its time.
    public static final Instant LATEST = EARLIEST.plusSeconds(30L * 365 * 86_400);

    public static final String FIX = "set the clock: `timedatectl set-ntp true`, or `date -s` once; WireGuard refuses"
            + " handshakes of a clock that went back, and tokens expire by it";

    private SaneClock() {}

    /// What is wrong with `now`; null if it can be right.
    public static @Nullable String wrong(Instant now) {
        if (now.isBefore(EARLIEST)) {
            return "this machine's clock says " + now.toString().substring(0, 10)
                    + ", which is before this program was made";
        }
        return now.isAfter(LATEST)
                ? "this machine's clock says " + now.toString().substring(0, 10) + ", which is decades ahead"
                : null;
    }
}
