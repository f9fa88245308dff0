package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final int LOOKS_IN_30_S = 30 / Pace.WATCH_SECONDS;

    private final Pace pace = new Pace();

    /// Whether it is stalled within so many seconds of a body that comes at a rate.
    private boolean isSlow(int seconds, int bytesPerSecond) {
        boolean stalled = false;
        for (int second = 0; second < seconds; second += Pace.WATCH_SECONDS) {
            stalled |= pace.isSlow(true, (long) bytesPerSecond * second);
        }
        return stalled;
    }

    @Test
    void isSlow_bodyBelow240BytesASecond_afterTheGraceOf30Seconds() {
        assertThat(isSlow(30, 200)).isFalse();
        assertThat(isSlow(35, 200)).isTrue();
    }

    @Test
    void isSlow_bodyAt250BytesASecond_never() {
        assertThat(isSlow(3600, 250)).isFalse();
    }

    @Test
    void isSlow_bodyThatTheTargetDoesNotTake_isNotTheVisitorsFault() {
        boolean stalled = false;
        for (int look = 0; look < 20 * LOOKS_IN_30_S; look++) {
            stalled |= pace.isSlow(look % 2 == 0, 0);
        }
        assertThat(stalled).isFalse();
    }

    @Test
    void isResponseLate_onlyBetweenRequestAndResponse() {
        long minute = TimeUnit.MINUTES.toNanos(1);

        assertThat(pace.isResponseLate(5 * minute, 60)).isFalse();
        pace.responseDue(5 * minute);
        assertThat(pace.isResponseLate(6 * minute - 1, 60)).isFalse();
        assertThat(pace.isResponseLate(6 * minute, 60)).isTrue();
        pace.responseBegun();
        assertThat(pace.isResponseLate(9 * minute, 60)).isFalse();
    }
}
