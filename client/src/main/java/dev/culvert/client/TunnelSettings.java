package dev.culvert.client;

import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import java.net.InetAddress;
import java.util.List;

/// What a [Tunnel] is made of: the `[Interface]` and `[Peer]` sections of a WireGuard configuration.
///
/// @param key ours; copied
/// @param addresses our own inside the tunnel, at least one
/// @param peers whom we talk to; an endpoint is resolved once, when the record is made
/// @param mtu the largest packet inside the tunnel in bytes, 576..65535 (1280 and more with IPv6 addresses)
/// @param listenPort the UDP port outside, or 0 for any
public record TunnelSettings(
        PrivateKey key, List<InetAddress> addresses, List<PeerConfig> peers, int mtu, int listenPort) {
    /// 1500 bytes less the headers of IPv6, UDP and WireGuard.
    public static final int DEFAULT_MTU = 1420;

    public TunnelSettings {
        addresses = List.copyOf(addresses);
        peers = List.copyOf(peers);
        if (listenPort < 0 || listenPort > 65535) {
            throw new IllegalArgumentException("listen port: " + listenPort + " (expected: 0..65535)");
        }
    }

    /// Any UDP port, and an MTU of 1420.
    public static TunnelSettings of(PrivateKey key, InetAddress address, PeerConfig... peers) {
        return new TunnelSettings(key, List.of(address), List.of(peers), DEFAULT_MTU, 0);
    }
}
