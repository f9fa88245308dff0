package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class InitiationShareTest {
    private static final long SECOND = 1_000_000_000L;

    private final InitiationShare share = new InitiationShare();
    private long now = 7 * SECOND;

    private static ByteBuffer initiation(boolean withMac2) {
        ByteBuffer message = ByteBuffer.allocate(148).put(0, (byte) 1);
        return withMac2 ? message.put(147, (byte) 1) : message;
    }

    /// A quarter of a second, in which so many come, of which the share has passed.
    private boolean quarter(int bare, int proven) {
        for (int i = 0; i < bare * share.bare(); i++) {
            share.count(initiation(false));
        }
        for (int i = 0; i < proven * share.proven(); i++) {
            share.count(initiation(true));
        }
        now += SECOND / 4;
        return share.review(now);
    }

    @Test
    void review_ofAFlood_letsPassWhatCanBeAnswered_andAllAgainAfterIt() {
        share.review(now);
        assertThat(quarter(900, 900)).isFalse();
        assertThat(share.isPartial()).isFalse();
        assertThat(share.nextDeadline()).isEqualTo(Long.MAX_VALUE);

        assertThat(quarter(5000, 900)).isTrue();
        assertThat(share.bare()).isBetween(0.19, 0.21);
        assertThat(share.proven()).isOne();
        assertThat(share.nextDeadline()).isEqualTo(now + SECOND / 4);
        double before = share.bare();
        assertThat(quarter(5200, 900)).isTrue();
        assertThat(share.bare()).isEqualTo(before);
        quarter(20_000, 4000);
        assertThat(share.bare()).isBetween(0.049, 0.051);
        assertThat(share.proven()).isBetween(0.24, 0.26);

        assertThat(quarter(0, 0)).isTrue();
        assertThat(share.isPartial()).isFalse();
        assertThat(quarter(0, 0)).isFalse();
    }

    @Test
    void review_beforeAQuarterOfASecondHasPassed_looksAtNothing() {
        share.review(now);
        for (int i = 0; i < 10_000; i++) {
            share.count(initiation(false));
        }
        assertThat(share.review(now + SECOND / 4 - 1)).isFalse();
        assertThat(share.isPartial()).isFalse();
        assertThat(share.review(now + SECOND / 4)).isTrue();
        assertThat(share.isPartial()).isTrue();
    }

    @Test
    void count_ofOtherMessages_isNothing() {
        share.review(now);
        for (int i = 0; i < 10_000; i++) {
            share.count(ByteBuffer.allocate(147).put(0, (byte) 1));
            share.count(ByteBuffer.allocate(148).put(0, (byte) 4));
            share.count(ByteBuffer.allocate(0));
        }
        assertThat(share.review(now + SECOND)).isFalse();
    }
}
