package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class ReceiveTuningTest {
    private static final long MS = 1_000_000L;
    private static final int LARGEST = 6 << 20;

    private final PagePool pool = new PagePool(64L << 20);
    private final ByteRing ring = new ByteRing(pool, 256 << 10);
    private final ReceiveTuning tuning = new ReceiveTuning(LARGEST);

    /// So many bytes arrive and are read in each round trip of 100 ms.
    private void rounds(int count, int bytes, long from) {
        tuning.roundTrip(100);
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        for (int i = 0; i < count; i++) {
            tuning.arrived(ring, pool, 1000, 0, from + i * (100 * MS));
            ring.append(buffer.clear());
            ring.read(buffer.clear());
        }
    }

    @Test
    void readerThatTakesMoreAndMore_windowGrowsAheadOfIt() {
        rounds(3, 50_000, 100 * MS);
        assertThat(ring.limit()).isEqualTo(256 << 10);
        rounds(2, 200_000, 500 * MS);
        assertThat(ring.limit()).isGreaterThan(400_000);
        for (int i = 0; i < 5; i++) {
            rounds(2, ring.limit(), (1000 + 300L * i) * MS);
        }
        assertThat(ring.limit()).isEqualTo(LARGEST);
    }

    @Test
    void steadyReader_windowStays() {
        rounds(100, 100_000, 100 * MS);
        assertThat(ring.limit()).isEqualTo(256 << 10);
    }

    /// It may be the last that is ever read.
    @Test
    void readerThatTakesMuchAtOnce_windowGrowsFourfold() {
        rounds(3, 10_000, 100 * MS);
        rounds(2, 250_000, 500 * MS);
        assertThat(ring.limit()).isEqualTo(1024 << 10);
    }

    @Test
    void memoryHalfUsed_windowStays() {
        ByteRing hog = new ByteRing(pool, 1 << 26);
        hog.append(ByteBuffer.allocate(33 << 20));
        rounds(3, 50_000, 100 * MS);
        rounds(3, 250_000, 500 * MS);
        assertThat(ring.limit()).isEqualTo(256 << 10);
    }
}
