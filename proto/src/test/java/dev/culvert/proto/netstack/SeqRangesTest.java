package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class SeqRangesTest {
    /// Numbers run over the wrap.
    private static final int BASE = -500;

    @Test
    void addAndRemove_agreeWithABitSet() {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 2000; round++) {
            SeqRanges ranges = new SeqRanges();
            BitSet naive = new BitSet();
            for (int step = 0; step < 30; step++) {
                int start = random.nextInt(1000);
                int end = start + 1 + random.nextInt(60);
                if (random.nextInt(5) == 0) {
                    ranges.removeBelow(BASE + start);
                    naive.clear(0, start);
                } else {
                    assertThat(ranges.add(BASE + start, BASE + end, 1000)).isTrue();
                    naive.set(start, end);
                }
                check(ranges, naive);
            }
        }
    }

    private static void check(SeqRanges ranges, BitSet naive) {
        int from = 0;
        for (int i = 0; i < ranges.count(); i++) {
            int start = naive.nextSetBit(from);
            int end = naive.nextClearBit(start);
            assertThat(ranges.start(i) - BASE).isEqualTo(start);
            assertThat(ranges.end(i) - BASE).isEqualTo(end);
            from = end;
        }
        assertThat(naive.nextSetBit(from)).isEqualTo(-1);
    }

    @Test
    void add_beyondTheLimit_isRefusedUnlessItMerges() {
        SeqRanges ranges = new SeqRanges();
        assertThat(ranges.add(10, 20, 2)).isTrue();
        assertThat(ranges.add(30, 40, 2)).isTrue();
        assertThat(ranges.add(50, 60, 2)).isFalse();
        assertThat(ranges.add(20, 30, 2)).isTrue();
        assertThat(ranges.count()).isEqualTo(1);
        assertThat(ranges.add(50, 60, 2)).isTrue();
    }
}
