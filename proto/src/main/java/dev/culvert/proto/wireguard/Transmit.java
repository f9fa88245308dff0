package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A datagram that the device itself wants sent, in a buffer that its caller reuses for every poll.
public final class Transmit {
    private final byte[] array;
    private final ByteBuffer buffer;
    private @Nullable InetSocketAddress destination;
    private @Nullable Peer peer;
    private int trafficClass;

    /// An empty one.
    ///
    /// @param capacity bytes of the buffer, at least the tunnel's MTU and 64
    public Transmit(int capacity) {
        if (capacity < Messages.INITIATION_BYTES) {
            throw new IllegalArgumentException("capacity: " + capacity + " (expected: >= 148)");
        }
        array = new byte[capacity];
        buffer = ByteBuffer.wrap(array);
    }

    /// The datagram, from position to limit; valid until the next poll with this object.
    public ByteBuffer buffer() {
        return buffer;
    }

    /// Where it goes.
    public InetSocketAddress destination() {
        if (destination == null) {
            throw new IllegalStateException("nothing was polled");
        }
        return destination;
    }

    /// Whom it is for, or null for a cookie reply.
    public @Nullable Peer peer() {
        return peer;
    }

    /// The byte for IP_TOS or IPV6_TCLASS: AF41 for handshakes, the inner packet's ECN alone for others.
    public int trafficClass() {
        return trafficClass;
    }

    byte[] array() {
        return array;
    }

    void set(int length, InetSocketAddress to, @Nullable Peer forPeer, int tos) {
        buffer.clear().limit(length);
        destination = to;
        peer = forPeer;
        trafficClass = tos;
    }
}
