package dev.culvert.proto.wireguard.testing;

import java.net.InetSocketAddress;

/// A datagram on the wire of a [Pair].
public final class Datagram {
    public final InetSocketAddress from;
    public final InetSocketAddress to;
    public final byte[] bytes;
    final long arrival;
    final long order;

    Datagram(InetSocketAddress from, InetSocketAddress to, byte[] bytes, long arrival, long order) {
        this.from = from;
        this.to = to;
        this.bytes = bytes.clone();
        this.arrival = arrival;
        this.order = order;
    }

    /// What an onlooker sees: the type by the first byte, a keepalive by its size.
    public String type() {
        return switch (bytes[0]) {
            case 1 -> "initiation";
            case 2 -> "response";
            case 3 -> "cookie";
            case 4 -> bytes.length == 32 ? "keepalive" : "data";
            default -> "?";
        };
    }

    public Datagram from(InetSocketAddress other) {
        return new Datagram(other, to, bytes, arrival, order);
    }

    public Datagram with(byte[] other) {
        return new Datagram(from, to, other, arrival, order);
    }

    /// The same with one bit turned over.
    public Datagram damaged(int index) {
        Datagram copy = new Datagram(from, to, bytes, arrival, order);
        copy.bytes[index] ^= 1;
        return copy;
    }
}
