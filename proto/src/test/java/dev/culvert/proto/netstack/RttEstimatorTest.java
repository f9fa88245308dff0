package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RttEstimatorTest {
    private static final long MS = 1_000_000L;
    private final RttEstimator rtt = new RttEstimator();

    @Test
    void rto_beforeASample_isASecond() {
        assertThat(rtt.rto()).isEqualTo(1000 * MS);
    }

    @Test
    void rto_afterSamples_followsThem() {
        rtt.sample(100 * MS);
        assertThat(rtt.srtt()).isEqualTo(100 * MS);
        assertThat(rtt.rto()).isEqualTo(300 * MS);
        rtt.sample(500 * MS);
        assertThat(rtt.srtt()).isEqualTo(150 * MS);
        // rttvar = 50 + (400 - 50) / 4 = 137.5
        assertThat(rtt.rto()).isEqualTo(700 * MS);
        for (int i = 0; i < 100; i++) {
            rtt.sample(20 * MS);
        }
        assertThat(rtt.rto()).isBetween(220 * MS, 221 * MS);
    }

    @Test
    void backOff_doublesUpToAMinute() {
        rtt.sample(100 * MS);
        rtt.backOff();
        assertThat(rtt.rto()).isEqualTo(600 * MS);
        for (int i = 0; i < 100; i++) {
            rtt.backOff();
        }
        assertThat(rtt.rto()).isEqualTo(60_000 * MS);
        rtt.resetBackoff();
        assertThat(rtt.rto()).isEqualTo(300 * MS);
    }
}
