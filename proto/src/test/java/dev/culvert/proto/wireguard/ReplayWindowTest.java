package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Each sequence is told as "accepted" and "refused" counters, with the window's edges from RFC 6479.
final class ReplayWindowTest {
    private static final long LIMIT = Protocol.REJECT_AFTER_MESSAGES;
    private static final int WINDOW = ReplayWindow.WINDOW;

    private ReplayWindow window = new ReplayWindow();

    @Test
    void accept_firstCountersInAnyOrder_onceEach() {
        accepted(0);
        refused(0);
        accepted(1);
        refused(1);
        accepted(9);
        accepted(8);
        accepted(7);
        refused(7, 8, 9, 1, 0);
        accepted(2, 3, 4, 5, 6);
        refused(2, 3, 4, 5, 6);
    }

    @Test
    void accept_atTheWindowsLowerEdge_lastOneIn() {
        accepted(WINDOW + 1);
        refused(0);
        accepted(1);
        refused(1);
        accepted(2);
        accepted(WINDOW);
        refused(WINDOW, WINDOW + 1);
        accepted(2L * WINDOW);
        refused(WINDOW - 1, 3, 1);
        refused(WINDOW);
        accepted(WINDOW + 2);
    }

    @Test
    void accept_leapOverTheWholeRing_forgetsIt() {
        accepted(5, 6, 7);
        accepted(1L << 40);
        refused(5, 8, (1L << 40) - WINDOW - 1);
        accepted((1L << 40) - WINDOW, (1L << 40) - 1);
        refused((1L << 40) - WINDOW, (1L << 40) - 1, 1L << 40);
    }

    @Test
    void accept_leapByOneRing_clearsTheSharedWord() {
        accepted(0, 63);
        accepted(8192);
        refused(0, 63);
        accepted(8192 + 63);
        refused(8192 + 63);
    }

    @Test
    void accept_aroundRejectAfterMessages_refusesFromThereOn() {
        accepted(LIMIT - 2, LIMIT - 1);
        refused(LIMIT, LIMIT + 1, LIMIT + 2, -1, LIMIT - 1, LIMIT - 2);
        accepted(LIMIT - 3);
        refused(0);
    }

    @Test
    void accept_forwardFill_acceptsAllOnce() {
        for (long i = 1; i <= WINDOW + 1; i++) {
            accepted(i);
        }
        refused(0);
        for (long i = WINDOW + 1; i > 0; i--) {
            refused(i);
        }
    }

    @Test
    void accept_backwardFill_acceptsTheWindow() {
        for (long i = WINDOW + 1; i > 0; i--) {
            accepted(i);
        }
        refused(0);
        window = new ReplayWindow();
        accepted(WINDOW + 2);
        for (long i = WINDOW + 1; i > 1; i--) {
            accepted(i);
        }
        refused(1, 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void accept_randomReorderAndRepeat_matchesASet(long seed) {
        Random random = new Random(seed);
        Set<Long> seen = new HashSet<>();
        long greatest = 0;
        long base = 0;
        for (int i = 0; i < 10_000; i++) {
            base += random.nextInt(100) == 0 ? random.nextInt(3 * WINDOW) : random.nextInt(3);
            long counter = Math.max(0, base - random.nextInt(random.nextBoolean() ? 64 : WINDOW + 200));
            greatest = Math.max(greatest, counter);
            boolean fresh = counter + WINDOW >= greatest && seen.add(counter);
            assertThat(window.accept(counter))
                    .as("seed %d, step %d, counter %d", seed, i, counter)
                    .isEqualTo(fresh);
        }
    }

    private void accepted(long... counters) {
        for (long counter : counters) {
            assertThat(window.accept(counter))
                    .as("accepts %s", Long.toUnsignedString(counter))
                    .isTrue();
        }
    }

    private void refused(long... counters) {
        for (long counter : counters) {
            assertThat(window.accept(counter))
                    .as("refuses %s", Long.toUnsignedString(counter))
                    .isFalse();
        }
    }
}
