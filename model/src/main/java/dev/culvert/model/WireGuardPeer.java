package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The WireGuard side of a [Site] or [GatewayPeer]: what its `[Peer]` section would say.
///
/// @param publicKey its key; null only while a site is declared in the store and has not joined
/// @param addresses its own addresses in the tunnel, at most one of each family
/// @param routes further prefixes behind it
/// @param endpoint where it is dialled; null if it dials us
/// @param keepalive seconds between keepalives 1..65535, 0 for none
/// @param presharedKeyFile path to a file with the preshared key, or null for none
public record WireGuardPeer(
        @Nullable PublicKey publicKey,
        List<InetAddress> addresses,
        List<IpPrefix> routes,
        @Nullable Endpoint endpoint,
        int keepalive,
        @Nullable String presharedKeyFile) {
    public WireGuardPeer {
        addresses = List.copyOf(addresses);
        routes = List.copyOf(routes);
    }

    /// What WireGuard calls AllowedIPs: each address alone, then the routes.
    public List<IpPrefix> allowedIps() {
        List<IpPrefix> prefixes = new ArrayList<>();
        for (InetAddress address : addresses) {
            prefixes.add(IpPrefix.host(address));
        }
        prefixes.addAll(routes);
        return List.copyOf(prefixes);
    }

    /// Whether the tunnel leads to `address` through this peer.
    public boolean reaches(InetAddress address) {
        for (IpPrefix prefix : allowedIps()) {
            if (prefix.contains(address)) {
                return true;
            }
        }
        return false;
    }

    Map<String, List<String>> settings(PeerType type) {
        return new Settings()
                .putUnless("type", PeerType.CULVERT, type)
                .put("public-key", publicKey)
                .putAll("address", addresses)
                .putAll("routes", routes)
                .put("endpoint", endpoint)
                .putUnless("keepalive", 0, keepalive)
                .put("preshared-key-file", presharedKeyFile)
                .done();
    }
}
