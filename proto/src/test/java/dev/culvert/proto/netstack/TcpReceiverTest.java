package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.TcpHeader;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/// The receiving half by itself, where memory is short.
final class TcpReceiverTest {
    private static Segment segment(int seq, int length) {
        Segment segment = new Segment();
        segment.seq = seq;
        segment.flags = TcpHeader.ACK;
        segment.bytes = new byte[length];
        segment.dataLength = length;
        return segment;
    }

    @Test
    void memoryUsedUp_windowIsWhatIsAssured_andMoreIsDropped() {
        PagePool pool = new PagePool(PagePool.PAGE);
        ByteRing hog = new ByteRing(pool, 256 << 10);
        hog.append(ByteBuffer.allocate(PagePool.PAGE));
        TcpReceiver receiver = new TcpReceiver(pool, 256 << 10);
        receiver.open(segment(-1, 0), false, 0);
        assertThat(receiver.offerWindow(0)).isEqualTo(2 * PagePool.PAGE);
        hog.clear();
        receiver.offerWindow(5);
        hog.append(ByteBuffer.allocate(PagePool.PAGE));
        int seq = 0;
        Drop reason = null;
        while (reason == null) {
            reason = receiver.receive(segment(seq, 1000), 0, 0, 0);
            seq += 1000;
        }
        assertThat(reason).isEqualTo(Drop.OUT_OF_MEMORY);
        assertThat(receiver.ring.size()).isBetween(2 * PagePool.PAGE - 1000, 2 * PagePool.PAGE);
    }

    @Test
    void window_isNeverTakenBack() {
        PagePool pool = new PagePool(PagePool.PAGE);
        TcpReceiver receiver = new TcpReceiver(pool, 256 << 10);
        receiver.open(segment(-1, 0), false, 0);
        assertThat(receiver.offerWindow(5)).isEqualTo((64 << 10) / 32);
        new ByteRing(pool, 256 << 10).append(ByteBuffer.allocate(PagePool.PAGE));
        assertThat(receiver.offerWindow(5)).isEqualTo((64 << 10) / 32);
    }
}
