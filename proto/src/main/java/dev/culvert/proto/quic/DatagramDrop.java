package dev.culvert.proto.quic;

/// Why a datagram goes no further. Nothing is answered to any of them.
public enum DatagramDrop {
    /// Less than any packet is (RFC 9000 §10.3).
    TOO_SHORT,
    /// A short header without the bit that every packet has (RFC 9000 §17.3.1), or a long one (§17.2).
    NO_FIXED_BIT,
    /// A long header that ends before it is whole, or has a connection id of more than 20 bytes (RFC 9000 §17.2).
    MALFORMED,
    /// Another version, in a datagram too small to be answered (RFC 9000 §5.2.2 and §6.1).
    SMALL_OTHER_VERSION,
    /// A version negotiation, which only servers send (RFC 9000 §17.2.1), or a Retry (§17.2.5).
    FROM_A_SERVER,
    /// An Initial in less than 1200 bytes (RFC 9000 §14.1).
    SMALL_INITIAL,
    /// An Initial for a connection id of less than 8 bytes (RFC 9000 §7.2).
    SHORT_ID,
    /// For a connection that this node never had, or no longer has the key of: neither is answered, for a stateless
    /// reset (RFC 9000 §10.3) could be asked for by anybody.
    UNKNOWN_CONNECTION
}
