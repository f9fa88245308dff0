package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final int LOOKS_IN_30_S = 30 / Pace.WATCH_SECONDS;

    private final Pace pace = new Pace();

    /// Whether it is stalled within so many seconds of a body that comes at a rate.
    private boolean isStalled(int seconds, int bytesPerSecond) {
        boolean stalled = false;
        for (int second = 0; second < seconds; second += Pace.WATCH_SECONDS) {
            stalled |= pace.isStalled(true, (long) bytesPerSecond * second, true, 0, 0);
        }
        return stalled;
    }

    @Test
    void isStalled_bodyBelow240BytesASecond_afterTheGraceOf30Seconds() {
        assertThat(isStalled(30, 200)).isFalse();
        assertThat(isStalled(35, 200)).isTrue();
    }

    @Test
    void isStalled_bodyAt250BytesASecond_never() {
        assertThat(isStalled(3600, 250)).isFalse();
    }

    @Test
    void isStalled_bodyThatTheTargetDoesNotTake_isNotTheVisitorsFault() {
        boolean stalled = false;
        for (int look = 0; look < 20 * LOOKS_IN_30_S; look++) {
            stalled |= pace.isStalled(look % 2 == 0, 0, true, 0, 0);
        }
        assertThat(stalled).isFalse();
    }

    @Test
    void isStalled_visitorThatTakesNothing_afterFiveMinutes() {
        int looks = 0;
        while (!pace.isStalled(false, 0, false, 7, 9)) {
            looks++;
        }
        assertThat(looks * Pace.WATCH_SECONDS).isEqualTo(300);
    }

    @Test
    void isStalled_visitorThatTakesALittle_never() {
        boolean stalled = false;
        for (int look = 0; look < 1000; look++) {
            stalled |= pace.isStalled(false, 0, false, look / 40, 0);
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
