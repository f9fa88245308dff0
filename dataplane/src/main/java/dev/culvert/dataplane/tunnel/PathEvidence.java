package dev.culvert.dataplane.tunnel;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// What the tunnel knows about the way to one peer at one moment; counts since the tunnel was opened.
///
/// @param endpoint where datagrams for it go, if anywhere
/// @param handshakeAgeNanos since the last completed handshake, -1 if there was none
/// @param rxBytes genuine bytes from the peer, sealed
/// @param txBytes bytes to the peer, sealed
/// @param unsendable datagrams to that endpoint that this machine would not send: no route, not permitted
public record PathEvidence(
        @Nullable InetSocketAddress endpoint, long handshakeAgeNanos, long rxBytes, long txBytes, long unsendable) {}
