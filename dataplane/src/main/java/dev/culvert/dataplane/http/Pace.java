package dev.culvert.dataplane.http;

import java.util.concurrent.TimeUnit;

/// How fast both sides of an exchange must be (http.md §3.9, attacks.md TC-01 and TC-02): rates and not absolute times,
/// so
/// that an upload or download may take as long as it likes. One per exchange, asked every [#WATCH_SECONDS].
final class Pace {
    static final int WATCH_SECONDS = 5;

    private static final int RATE_LOOKS = 30 / WATCH_SECONDS;
    // A body comes with 240 B/s at least.
    private static final int MIN_BODY_BYTES = 240 * RATE_LOOKS * WATCH_SECONDS;
    // Five minutes without a byte taken. The kernel reports room only once a third of its buffer is free, so that a
    // slow visitor shows no progress for a long while.
    private static final int MAX_STUCK = 300 / WATCH_SECONDS;

    private long responseDueSince;
    private boolean responseDue;
    private int looks;
    private boolean owed;
    private boolean owedBefore;
    private long receivedBefore;
    private long unsentBefore;
    private long sentBefore;
    private int stuck;

    /// The whole request has gone to the target.
    void responseDue(long now) {
        responseDue = true;
        responseDueSince = now;
    }

    void responseBegun() {
        responseDue = false;
    }

    /// Whether the target had the whole request for so long and has not begun to answer.
    boolean isResponseLate(long now, int seconds) {
        return responseDue && now - responseDueSince >= TimeUnit.SECONDS.toNanos(seconds);
    }

    /// Whether the visitor has neither sent nor taken enough lately.
    ///
    /// @param owes whether it is its turn to send a body that the target waits for
    /// @param received bytes of it so far
    /// @param writable whether it takes the response as fast as that comes
    /// @param unsent changes when it takes something
    /// @param sent bytes of the response so far
    boolean isStalled(boolean owes, long received, boolean writable, long unsent, long sent) {
        boolean moved = writable || unsent != unsentBefore || sent != sentBefore;
        unsentBefore = unsent;
        sentBefore = sent;
        stuck = moved ? 0 : stuck + 1;
        return isSlow(owes, received) || stuck >= MAX_STUCK;
    }

    private boolean isSlow(boolean owes, long received) {
        owed = looks == 0 ? owes : owed && owes;
        if (++looks < RATE_LOOKS) {
            return false;
        }
        looks = 0;
        // The first period is grace.
        boolean slow = owed && owedBefore && received - receivedBefore < MIN_BODY_BYTES;
        owedBefore = owed;
        receivedBefore = received;
        return slow;
    }
}
