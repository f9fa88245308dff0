package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class HandshakeQueueTest {
    private final HandshakeQueue queue = new HandshakeQueue();

    private static ByteBuffer message(int type, int length, int number) {
        byte[] bytes = new byte[length + 7];
        bytes[3] = (byte) type;
        bytes[3 + length - 1] = (byte) number;
        return ByteBuffer.wrap(bytes, 3, length);
    }

    private static InetSocketAddress from(int number) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), number + 1);
    }

    @Test
    void isHandshake_tellsMessagesFromDataAndFromWhatIsTooLong() {
        assertThat(HandshakeQueue.isHandshake(message(1, 148, 0))).isTrue();
        assertThat(HandshakeQueue.isHandshake(message(2, 92, 0))).isTrue();
        assertThat(HandshakeQueue.isHandshake(message(3, 64, 0))).isTrue();
        assertThat(HandshakeQueue.isHandshake(message(4, 148, 0))).isFalse();
        assertThat(HandshakeQueue.isHandshake(message(1, 149, 0))).isFalse();
        assertThat(HandshakeQueue.isHandshake(message(0, 64, 0))).isFalse();
        assertThat(HandshakeQueue.isHandshake(ByteBuffer.allocate(0))).isFalse();
    }

    @Test
    void messages_comeOutInOrderWithTheirSenders_roundAndRound() {
        for (int i = 0; i < 1000; i++) {
            ByteBuffer in = message(1 + i % 3, 64 + i % 85, i);
            queue.add(in.duplicate(), from(i));
            queue.add(in.duplicate(), from(i + 1));

            assertThat(queue.take()).isEqualTo(in);
            assertThat(queue.sender()).isEqualTo(from(i));
            assertThat(queue.take()).isEqualTo(in);
            assertThat(queue.sender()).isEqualTo(from(i + 1));
            assertThat(queue.isEmpty()).isTrue();
        }
    }

    @Test
    void whatFindsItFull_isDroppedAndCounted() {
        for (int i = 0; i < 300; i++) {
            queue.add(message(1, 148, i), from(i));
        }

        assertThat(queue.overflow()).isEqualTo(300 - 256);
        for (int i = 0; i < 256; i++) {
            assertThat(queue.take()).isEqualTo(message(1, 148, i));
            assertThat(queue.sender()).isEqualTo(from(i));
        }
        assertThat(queue.isEmpty()).isTrue();
    }
}
