package dev.culvert.control.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class SaneClockTest {
    @Test
    void wrong_ofABoardWithoutABattery_saysTheYear() {
        assertThat(SaneClock.wrong(Instant.EPOCH)).contains("1970-01-01").contains("before this program was made");
        assertThat(SaneClock.wrong(SaneClock.LATEST.plusSeconds(1))).contains("ahead");
    }

    @Test
    void wrong_betweenTheBounds_isNothing() {
        assertThat(SaneClock.wrong(SaneClock.EARLIEST)).isNull();
        assertThat(SaneClock.wrong(SaneClock.LATEST)).isNull();
    }
}
