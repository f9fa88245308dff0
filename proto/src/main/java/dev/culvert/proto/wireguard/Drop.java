package dev.culvert.proto.wireguard;

/// Why a datagram, a packet or a job came to nothing; [WireGuardDevice#drops] counts each.
public enum Drop {
    /// Not a message: unknown type, wrong size for it, or reserved bytes that are not zero.
    MALFORMED,
    /// A handshake message whose mac1 was not made for our public key.
    BAD_MAC1,
    /// A handshake message under load without a valid mac2; a cookie reply answers it.
    COOKIE_REQUIRED,
    /// A cookie reply that had to make room for a newer one before it was sent.
    COOKIE_REPLY_OVERFLOW,
    /// A handshake message under load from a source that sends more than 20 per second.
    RATE_LIMITED,
    /// A handshake message that does not decrypt.
    FORGED_HANDSHAKE,
    /// A genuine initiation of a key that is no peer.
    UNKNOWN_PEER,
    /// A handshake with a point of low order: the shared secret would be zero.
    LOW_ORDER_POINT,
    /// An initiation whose timestamp is not after the peer's last one: a replay, or its clock went back.
    STALE_TIMESTAMP,
    /// A genuine initiation within 20 ms of the peer's last one.
    INITIATION_FLOOD,
    /// A message for an index that we did not give out, or not any more.
    UNKNOWN_INDEX,
    /// A response to no initiation that is under way.
    UNEXPECTED_RESPONSE,
    /// A cookie reply that does not decrypt with the last mac1 we sent, or that was not asked for.
    FORGED_COOKIE_REPLY,
    /// A transport message under a session of 180 s or more, or under an index that is still in its handshake.
    EXPIRED_SESSION,
    /// A transport message with a counter beyond REJECT_AFTER_MESSAGES.
    COUNTER_EXHAUSTED,
    /// A transport message that does not decrypt.
    FORGED_TRANSPORT,
    /// A transport message whose counter was seen before or is below the window.
    REPLAYED,
    /// A decrypted packet that is neither IPv4 nor IPv6, or shorter than it says.
    INNER_MALFORMED,
    /// A decrypted packet from an address that is not its peer's.
    SOURCE_NOT_ALLOWED,
    /// A packet marked "congestion experienced" outside that cannot carry the mark inside (RFC 6040 §4.2).
    CONGESTED,
    /// A job whose peer was removed meanwhile.
    PEER_REMOVED,
    /// A packet to send that is neither IPv4 nor IPv6.
    OUTGOING_MALFORMED,
    /// A packet to send to an address that belongs to no peer.
    NO_PEER,
    /// A packet to send to a peer whose endpoint is not known.
    NO_ENDPOINT,
    /// The oldest packet waiting for a session, pushed out by a newer one.
    STAGED_OVERFLOW,
    /// A packet that waited for a session in vain: the handshake was given up, or the peer was removed.
    STAGED_EXPIRED
}
