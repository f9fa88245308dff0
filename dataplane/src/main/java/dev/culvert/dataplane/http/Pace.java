package dev.culvert.dataplane.http;

import java.util.concurrent.TimeUnit;

/// How fast a request must come and be answered (http.md §3.9, attacks.md TC-01): rates and not absolute times, so that
/// an upload may take as long as it likes. One per exchange, asked every [#WATCH_SECONDS].
final class Pace {
    static final int WATCH_SECONDS = 3;

    /// What either side has to move at least.
    static final int LEAST_BYTES_PER_SECOND = 240;

    private static final int RATE_LOOKS = 30 / WATCH_SECONDS;
    private static final int MIN_BODY_BYTES = LEAST_BYTES_PER_SECOND * RATE_LOOKS * WATCH_SECONDS;

    private long responseDueSince;
    private boolean responseDue;
    private int looks;
    private boolean owed;
    private boolean owedBefore;
    private long receivedBefore;

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

    /// Whether the visitor has not sent enough lately.
    ///
    /// @param owes whether it is its turn to send a body that the target waits for
    /// @param received bytes of it so far
    boolean isSlow(boolean owes, long received) {
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
