package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.NetworkOrder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A UDP port on all addresses of its stack (RFC 768), with a bounded queue of datagrams each way.
///
/// Owned by whoever owns the stack. Readiness is reported when datagrams arrive.
public final class UdpSocket extends Pollable {
    private static final int QUEUE_BYTES = 256 * 1024;
    /// Both addresses, the peer's port and the payload's length, before each payload in a queue.
    private static final int RECORD = 36;

    private final UdpLayer layer;
    private final int port;
    private final ByteRing received;
    private final ByteRing outgoing;

    UdpSocket(UdpLayer layer, int port) {
        this.layer = layer;
        this.port = port;
        this.received = new ByteRing(layer.pool, QUEUE_BYTES);
        this.outgoing = new ByteRing(layer.pool, QUEUE_BYTES);
    }

    /// Moves the oldest datagram to `target` and its ends to `from`; what `target` has no room for is lost. False
    /// if there is none.
    public boolean receive(ByteBuffer target, UdpEndpoint from) {
        if (received.size() == 0) {
            return false;
        }
        int length = takeRecord(received, layer.scratch, from);
        int taken = Math.min(length, target.remaining());
        int limit = target.limit();
        target.limit(target.position() + taken);
        received.read(target);
        target.limit(limit);
        received.discard(length - taken);
        return true;
    }

    /// Queues a datagram to `to.remote()` from `to.local()`. False, and nothing is taken, if the queue is full,
    /// the socket closed, or the payload larger than one packet carries.
    public boolean send(ByteBuffer payload, UdpEndpoint to) {
        int length = payload.remaining();
        if (length > layer.maxPayload(to)) {
            layer.drops.count(Drop.TOO_LARGE);
            return false;
        }
        if (detached || outgoing.free() < RECORD + length) {
            return false;
        }
        byte[] record = layer.scratch;
        writeRecord(record, to, length);
        payload.get(payload.position(), record, RECORD, length);
        if (!outgoing.place(outgoing.end(), record, 0, RECORD + length)) {
            layer.drops.count(Drop.OUT_OF_MEMORY);
            return false;
        }
        payload.position(payload.limit());
        outgoing.extend(RECORD + length);
        layer.wantTransmit(this);
        return true;
    }

    /// As above, from the first own address of the peer's family; false if there is none.
    public boolean send(ByteBuffer payload, InetSocketAddress to) {
        InetAddress from = layer.local.towards(to.getAddress());
        return from != null && send(payload, new UdpEndpoint(from, to));
    }

    /// How many bytes one datagram to `to` carries at most.
    public int maxPayload(UdpEndpoint to) {
        return layer.maxPayload(to);
    }

    /// Gives the port back; drops what waits in both directions.
    public void close() {
        if (!detached) {
            detached = true;
            received.clear();
            outgoing.clear();
            layer.unbind(this);
        }
    }

    public int port() {
        return port;
    }

    /// Takes a datagram that has arrived; returns why not, or null.
    @Nullable
    Drop enqueue(UdpEndpoint from, byte[] bytes, int offset, int length) {
        if (received.free() < RECORD + length) {
            return Drop.UDP_QUEUE_FULL;
        }
        byte[] record = layer.scratch;
        writeRecord(record, from, length);
        boolean placed = received.place(received.end(), record, 0, RECORD)
                && received.place(received.end() + RECORD, bytes, offset, length);
        if (!placed) {
            return Drop.OUT_OF_MEMORY;
        }
        received.extend(RECORD + length);
        layer.ready(this);
        return null;
    }

    /// Moves the oldest datagram to send to `out`, with its ends in `to`; returns its length, or -1 if there is
    /// none.
    int dequeue(UdpEndpoint to, byte[] out, int offset) {
        int length = takeRecord(outgoing, layer.scratch, to);
        outgoing.copy(outgoing.start(), out, offset, length);
        outgoing.discard(length);
        return length;
    }

    boolean hasOutgoing() {
        return outgoing.size() > 0;
    }

    /// Whether the next datagram to send leaves from an IPv4 address.
    boolean peekIsIpv4() {
        outgoing.copy(outgoing.start() + 8, layer.scratch, 0, 8);
        return NetworkOrder.i64(layer.scratch, 0) >>> 32 == 0xffff;
    }

    private static void writeRecord(byte[] record, UdpEndpoint ends, int length) {
        NetworkOrder.put64(record, 0, ends.localHigh);
        NetworkOrder.put64(record, 8, ends.localLow);
        NetworkOrder.put64(record, 16, ends.remoteHigh);
        NetworkOrder.put64(record, 24, ends.remoteLow);
        NetworkOrder.put16(record, 32, ends.remotePort);
        NetworkOrder.put16(record, 34, length);
    }

    private static int takeRecord(ByteRing ring, byte[] scratch, UdpEndpoint ends) {
        ring.copy(ring.start(), scratch, 0, RECORD);
        ring.discard(RECORD);
        ends.localHigh = NetworkOrder.i64(scratch, 0);
        ends.localLow = NetworkOrder.i64(scratch, 8);
        ends.remoteHigh = NetworkOrder.i64(scratch, 16);
        ends.remoteLow = NetworkOrder.i64(scratch, 24);
        ends.remotePort = NetworkOrder.u16(scratch, 32);
        return NetworkOrder.u16(scratch, 34);
    }
}
