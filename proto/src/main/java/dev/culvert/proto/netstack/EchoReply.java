package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import java.net.InetAddress;

/// An answer to an echo request, filled in by [Stack#pollEchoReply]. Mutable, owned by the caller and meant to be
/// used again.
public final class EchoReply {
    long sourceHigh;
    long sourceLow;
    int rest;
    int payloadLength;
    long receivedAt;

    /// A reply still to be filled in.
    public EchoReply() {}

    /// Who answered; allocates.
    public InetAddress source() {
        return AddressWords.toAddress(sourceHigh, sourceLow);
    }

    public int identifier() {
        return rest >>> 16;
    }

    public int sequence() {
        return rest & 0xffff;
    }

    public int payloadLength() {
        return payloadLength;
    }

    /// The `now` of the packet, in nanoseconds.
    public long receivedAt() {
        return receivedAt;
    }

    void set(EchoReply other) {
        sourceHigh = other.sourceHigh;
        sourceLow = other.sourceLow;
        rest = other.rest;
        payloadLength = other.payloadLength;
        receivedAt = other.receivedAt;
    }
}
