package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

final class HandshakeLimiterTest {
    private static final long MILLI = 1_000_000;

    private final HandshakeLimiter limiter = new HandshakeLimiter();

    @Test
    void allow_oneSource_5AtOnceThenOneEvery50Ms() {
        for (int i = 0; i < 5; i++) {
            assertThat(limiter.allow(address("192.0.2.1"), 0)).isTrue();
        }
        assertThat(limiter.allow(address("192.0.2.1"), 0)).isFalse();
        assertThat(limiter.allow(address("192.0.2.2"), 0)).isTrue();
        assertThat(limiter.allow(address("192.0.2.1"), 49 * MILLI)).isFalse();
        assertThat(limiter.allow(address("192.0.2.1"), 50 * MILLI)).isTrue();
        assertThat(limiter.allow(address("192.0.2.1"), 50 * MILLI)).isFalse();
        assertThat(limiter.allow(address("192.0.2.1"), 150 * MILLI)).isTrue();
        assertThat(limiter.allow(address("192.0.2.1"), 150 * MILLI)).isTrue();
        assertThat(limiter.allow(address("192.0.2.1"), 150 * MILLI)).isFalse();
    }

    @Test
    void allow_ipv6_countsThe64() {
        for (int i = 0; i < 5; i++) {
            assertThat(limiter.allow(address("2001:db8:0:1::" + i), 0)).isTrue();
        }
        assertThat(limiter.allow(address("2001:db8:0:1:ffff::"), 0)).isFalse();
        assertThat(limiter.allow(address("2001:db8:0:2::"), 0)).isTrue();
    }

    @Test
    void allow_manySources_forgetsIdleOnesAndIsBounded() {
        int taken = 0;
        for (int i = 0; i < 70_000; i++) {
            taken += limiter.allow(address("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255)), 0) ? 1 : 0;
        }
        assertThat(taken).isEqualTo(65_536);
        assertThat(limiter.allow(address("192.0.2.1"), 900 * MILLI)).isFalse();
        assertThat(limiter.allow(address("192.0.2.1"), 1000 * MILLI)).isTrue();
    }

    @Test
    void underLoad_beyondTheBudget_lastsASecond() {
        limiter.budget(100);
        for (int i = 0; i < 50; i++) {
            limiter.charge(0);
        }
        assertThat(limiter.underLoad(0)).isFalse();
        limiter.charge(0);
        assertThat(limiter.underLoad(0)).isTrue();
        assertThat(limiter.underLoad(999 * MILLI)).isTrue();
        assertThat(limiter.underLoad(1000 * MILLI)).isFalse();
        limiter.charge(1000 * MILLI);
        assertThat(limiter.underLoad(1000 * MILLI)).isFalse();
    }

    @Test
    void underLoad_whileMoreComeThanTheBudget_lastsAndGivesNoSecondBurst() {
        limiter.budget(100);
        for (int i = 0; i <= 50; i++) {
            limiter.charge(0);
        }
        // Ten times the budget for a minute.
        for (int milli = 0; milli < 60_000; milli++) {
            assertThat(limiter.underLoad(milli * MILLI)).isTrue();
            limiter.charge(milli * MILLI);
        }
        assertThat(limiter.underLoad(60_998 * MILLI)).isTrue();
        assertThat(limiter.underLoad(60_999 * MILLI)).isFalse();
    }

    private static InetAddress address(String literal) {
        return InetAddress.ofLiteral(literal);
    }
}
