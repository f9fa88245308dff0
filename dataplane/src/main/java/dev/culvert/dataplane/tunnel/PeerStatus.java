package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.PublicKey;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// A peer as a snapshot, for `status` and for what must outlive the process.
///
/// @param handshakeAgeNanos nanoseconds since the last completed handshake, -1 if there was none
/// @param rxBytes bytes received from the peer, sealed
/// @param txBytes bytes sent to the peer, sealed
/// @param moves how often it was heard from another place than before
/// @param endpoint where the peer was last heard of
/// @param timestamps of handshakes, so that the next process neither believes nor sends an old one
public record PeerStatus(
        PublicKey publicKey,
        @Nullable InetSocketAddress endpoint,
        long handshakeAgeNanos,
        long rxBytes,
        long txBytes,
        long moves,
        HandshakeTimestamps timestamps) {}
