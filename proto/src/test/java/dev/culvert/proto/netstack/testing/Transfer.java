package dev.culvert.proto.netstack.testing;

import dev.culvert.proto.netstack.TcpSocket;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// One end of a connection that sends a known stream, expects another, and checks each byte: the oracle of
/// SimNet.
public final class Transfer {
    private final SplittableRandom random;
    private final long toSend;
    private final long toReceive;
    private final int salt;
    private final int expectedSalt;
    private final ByteBuffer chunk;
    private final boolean slow;
    private long readAt;
    private long sent;
    private long received;
    private boolean ended;

    /// @param salt tells the streams of both ends apart
    /// @param slow whether it takes its time to read, so that windows fill
    public Transfer(
            SplittableRandom random,
            long toSend,
            long toReceive,
            int salt,
            int expectedSalt,
            int chunkSize,
            boolean slow) {
        this.random = random;
        this.slow = slow;
        this.toSend = toSend;
        this.toReceive = toReceive;
        this.salt = salt;
        this.expectedSalt = expectedSalt;
        this.chunk = ByteBuffer.allocateDirect(chunkSize);
    }

    /// The byte at a position of a stream.
    static byte at(long position, int salt) {
        return (byte) ((position * 31 + (position >>> 8) * 17 + salt) ^ position >>> 16);
    }

    /// Writes and reads what the socket takes and has; says when it wants to be called again at the latest.
    public long serve(TcpSocket socket, long now) {
        write(socket);
        if (!slow) {
            read(socket, Integer.MAX_VALUE);
        } else if (now >= readAt) {
            read(socket, 1);
            readAt = now + random.nextLong(20_000_000);
        }
        if (ended && sent == toSend) {
            socket.close();
        }
        return slow && !ended ? readAt : Long.MAX_VALUE;
    }

    private void write(TcpSocket socket) {
        int n = 1;
        while (n > 0 && sent < toSend) {
            int size = (int) Math.min(toSend - sent, 1 + random.nextInt(chunk.capacity()));
            chunk.clear().limit(size);
            for (int i = 0; i < size; i++) {
                chunk.put(i, at(sent + i, salt));
            }
            n = socket.write(chunk);
            sent += Math.max(n, 0);
        }
        if (sent == toSend && n >= 0) {
            socket.shutdownOutput();
        }
    }

    private void read(TcpSocket socket, int times) {
        int n = 1;
        for (int i = 0; i < times && n > 0; i++) {
            chunk.clear().limit(1 + random.nextInt(chunk.capacity()));
            n = socket.read(chunk);
            for (int k = 0; k < n; k++) {
                if (chunk.get(k) != at(received + k, expectedSalt)) {
                    throw new AssertionError("byte " + (received + k) + " is wrong");
                }
            }
            received += Math.max(n, 0);
        }
        if (received > toReceive) {
            throw new AssertionError("received " + received + " of " + toReceive);
        }
        ended |= n < 0;
    }

    /// Whether everything went out and came in, and the stream ended in order.
    public boolean isComplete() {
        return ended && sent == toSend && received == toReceive;
    }

    public long received() {
        return received;
    }
}
