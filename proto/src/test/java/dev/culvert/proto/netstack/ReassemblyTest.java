package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class ReassemblyTest {
    private static final int SEGMENT = 1340;

    private final Reassembly reassembly = new Reassembly();
    private final int[] starts = new int[4];
    private final int[] ends = new int[4];

    /// As after the overflow of a queue of one bandwidth-delay product: every second segment of 6 MiB has arrived.
    @Test
    void everySecondSegmentOfAWideWindow_isKept() {
        for (int seq = SEGMENT; seq < 6 << 20; seq += 2 * SEGMENT) {
            assertThat(reassembly.add(seq, seq + SEGMENT, 1 + seq / PagePool.PAGE))
                    .isTrue();
        }
        assertThat(reassembly.advance(SEGMENT)).isEqualTo(2 * SEGMENT);
    }

    /// What is kept of gaps is bounded by the memory that their bytes take.
    @Test
    void manyGapsInOnePage_areRefused() {
        int kept = 0;
        for (int seq = 2; seq < PagePool.PAGE; seq += 2) {
            kept += reassembly.add(seq, seq + 1, 1) ? 1 : 0;
        }
        assertThat(kept).isEqualTo(Reassembly.MAX_RANGES + Reassembly.RANGES_PER_PAGE);
    }

    @Test
    void blocks_areOfDifferentRanges_theLatestFirst() {
        reassembly.add(100, 110, 1);
        reassembly.add(200, 210, 1);
        reassembly.add(300, 310, 1);
        reassembly.add(110, 120, 1);
        reassembly.add(400, 410, 1);
        reassembly.add(500, 510, 1);

        assertThat(reassembly.blocks(starts, ends, 0, 4)).isEqualTo(4);
        assertThat(starts).containsExactly(500, 400, 100, 300);
        assertThat(ends).containsExactly(510, 410, 120, 310);
    }

    @Test
    void blocks_afterTheLatestAreFilledIn_areTheFirstOnes() {
        for (int seq = 1000; seq > 0; seq -= 100) {
            reassembly.add(seq, seq + 10, 1);
        }
        assertThat(reassembly.advance(450)).isEqualTo(450);

        int count = reassembly.blocks(starts, ends, 1, 4);

        assertThat(Arrays.copyOfRange(starts, 1, count)).containsExactly(500, 600, 700);
    }
}
