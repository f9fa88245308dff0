package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.Timestamp;

/// The greatest timestamps of initiations from and to one peer (WireGuard paper, 5.1 and 5.4.2).
///
/// @param received up to this one they are replays
/// @param sent up to this one the peer may have seen ours
public record HandshakeTimestamps(Timestamp received, Timestamp sent) {
    public static final HandshakeTimestamps NONE = new HandshakeTimestamps(Timestamp.NONE, Timestamp.NONE);

    /// The later ones of both.
    public HandshakeTimestamps max(HandshakeTimestamps other) {
        return new HandshakeTimestamps(Timestamp.max(received, other.received), Timestamp.max(sent, other.sent));
    }
}
