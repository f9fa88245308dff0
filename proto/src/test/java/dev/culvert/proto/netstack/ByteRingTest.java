package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ByteRingTest {
    private static byte at(long position) {
        return (byte) (position * 7 + (position >>> 10));
    }

    private static byte[] stream(long from, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(from + i);
        }
        return bytes;
    }

    /// Against the numbers themselves: byte n of the stream is always `at(n)`.
    @Test
    void appendReadAndCopy_inAnyOrder_keepTheStream() {
        SplittableRandom random = new SplittableRandom(1);
        PagePool pool = new PagePool(1L << 30);
        ByteRing ring = new ByteRing(pool, 200_000);
        for (int step = 0; step < 20_000; step++) {
            int length = random.nextInt(random.nextBoolean() ? 3000 : 40_000);
            if (random.nextBoolean()) {
                int free = ring.free();
                ByteBuffer source = ByteBuffer.wrap(stream(ring.end(), length));
                assertThat(ring.append(source)).isEqualTo(Math.min(length, free));
            } else if (random.nextInt(4) == 0) {
                ring.discard(Math.min(length, ring.size()));
            } else {
                long start = ring.start();
                ByteBuffer target = ByteBuffer.allocate(length);
                int n = ring.read(target);
                assertThat(Arrays.copyOf(target.array(), n)).isEqualTo(stream(start, n));
            }
            int some = Math.min(ring.size(), 100);
            int skip = random.nextInt(ring.size() - some + 1);
            byte[] copy = new byte[some];
            ring.copy(ring.start() + skip, copy, 0, some);
            assertThat(copy).isEqualTo(stream(ring.start() + skip, some));
            assertThat(pool.used()).isLessThanOrEqualTo(ring.size() / PagePool.PAGE + 2);
        }
        ring.discard(ring.size());
        assertThat(pool.used()).isZero();
    }

    @Test
    void place_beyondTheEnd_isReadAfterExtend() {
        PagePool pool = new PagePool(1L << 30);
        ByteRing ring = new ByteRing(pool, 1 << 20);
        ring.append(ByteBuffer.wrap(stream(0, 10)));
        assertThat(ring.place(100_000, stream(100_000, 50_000), 0, 50_000)).isTrue();
        ByteBuffer target = ByteBuffer.allocate(200_000);
        assertThat(ring.read(target)).isEqualTo(10);
        assertThat(ring.place(10, stream(10, 99_990), 0, 99_990)).isTrue();
        ring.extend(149_990);
        assertThat(ring.read(target)).isEqualTo(149_990);
        assertThat(target.array()).startsWith(stream(0, 150_000));
        assertThat(pool.used()).isZero();
    }

    @Test
    void memoryUsedUp_onlyGuaranteedPagesAreGiven() {
        PagePool pool = new PagePool(3 * PagePool.PAGE);
        ByteRing greedy = new ByteRing(pool, 1 << 20);
        assertThat(greedy.append(ByteBuffer.allocate(1 << 20))).isEqualTo(3 * PagePool.PAGE);
        assertThat(pool.isTight()).isTrue();
        ByteRing other = new ByteRing(pool, 1 << 20);
        assertThat(other.assured()).isEqualTo(2 * PagePool.PAGE);
        assertThat(other.append(ByteBuffer.allocate(1 << 20))).isEqualTo(2 * PagePool.PAGE);
        assertThat(other.place(other.end(), new byte[10], 0, 10)).isFalse();
        greedy.clear();
        other.clear();
        assertThat(pool.used()).isZero();
    }
}
