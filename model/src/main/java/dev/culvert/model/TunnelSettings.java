package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// This node's own end of the tunnel.
///
/// @param type how it is realised
/// @param listen the UDP port, 0 for any
/// @param listenNamed whether a document names that port, rather than the default
/// @param networks a gateway's tunnel networks (IPv4, then IPv6 if there is one); empty at a site
/// @param addresses this node's own addresses in the tunnel; empty at a site that has not joined
/// @param mtu the largest IP packet inside the tunnel, 1280..65535 bytes
/// @param privateKeyFile path to the private key, or null where the store keeps it
/// @param endpoint what sites dial to reach this gateway, if the file says it
public record TunnelSettings(
        TunnelType type,
        Bind listen,
        boolean listenNamed,
        List<IpPrefix> networks,
        List<InetAddress> addresses,
        int mtu,
        @Nullable String privateKeyFile,
        @Nullable Endpoint endpoint) {
    public static final int DEFAULT_PORT = 51820;
    public static final int DEFAULT_MTU = 1420;

    public TunnelSettings {
        networks = List.copyOf(networks);
        addresses = List.copyOf(addresses);
    }

    /// The settings in the words of the configuration; `network` and `network6` stand as one list.
    public Map<String, List<String>> settings() {
        return new Settings()
                .put("type", type)
                .put("listen", listen)
                .putAll("network", networks)
                .putAll("address", addresses)
                .put("mtu", mtu)
                .put("private-key-file", privateKeyFile)
                .done();
    }
}
