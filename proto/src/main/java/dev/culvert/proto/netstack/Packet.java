package dev.culvert.proto.netstack;

/// What the IP layer found out about the packet in hand: who, to whom, and where its payload lies. One per stack,
/// used again for each packet.
final class Packet {
    byte[] bytes = {};
    boolean ipv4;
    int protocol;
    long sourceHigh;
    long sourceLow;
    long targetHigh;
    long targetLow;
    /// Where the IP header begins.
    int start;

    int payload;
    int payloadLength;
}
