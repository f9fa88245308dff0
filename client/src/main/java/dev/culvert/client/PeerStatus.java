package dev.culvert.client;

import dev.culvert.proto.wireguard.PublicKey;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a peer is doing: what `wg show` would say of it.
///
/// @param key who it is
/// @param endpoint where it was heard last, or null
/// @param sinceHandshake how long ago the last handshake was, or null if there was none
/// @param rxBytes bytes of genuine datagrams received
/// @param txBytes bytes of datagrams sent
public record PeerStatus(
        PublicKey key,
        @Nullable InetSocketAddress endpoint,
        @Nullable Duration sinceHandshake,
        long rxBytes,
        long txBytes) {}
