package dev.culvert.proto.netstack;

/// What the IP layer found out about the packet in hand: who, to whom, and where its payload lies. One per stack,
/// used again for each packet.
final class Packet {
    byte[] bytes = {};
    boolean ipv4;
    int protocol;
    /// The two ECN bits (RFC 3168 §5); of a packet in pieces, those of a piece that was marked.
    int ecn;

    long sourceHigh;
    long sourceLow;
    long targetHigh;
    long targetLow;
    /// Where the IP header begins.
    int start;

    int payload;
    int payloadLength;

    /// A piece of a packet that is not whole yet.
    boolean incomplete;
    /// Where the number in `protocol` stands.
    int nextHeaderAt;
    /// What is wrong with the headers, as ICMPv6 says it (RFC 4443 §3.4), or -1; and where.
    int problem = -1;

    int problemAt;
}
