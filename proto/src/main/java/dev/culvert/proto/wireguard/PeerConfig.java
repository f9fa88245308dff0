package dev.culvert.proto.wireguard;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is set of a peer from outside.
///
/// @param publicKey who it is
/// @param presharedKey a further secret, or null for none
/// @param endpoint where it is reached, or null: it is the peer that speaks first
/// @param persistentKeepaliveSeconds 0 for off, up to 65535
/// @param allowedIps the addresses behind it: what is sent to it and what it may send; the last peer given a prefix
///     has it
public record PeerConfig(
        PublicKey publicKey,
        @Nullable PresharedKey presharedKey,
        @Nullable InetSocketAddress endpoint,
        int persistentKeepaliveSeconds,
        List<IpPrefix> allowedIps) {
    public PeerConfig {
        if (persistentKeepaliveSeconds < 0 || persistentKeepaliveSeconds > 65535) {
            throw new IllegalArgumentException(
                    "persistent keepalive: " + persistentKeepaliveSeconds + " (expected: 0..65535)");
        }
        allowedIps = List.copyOf(allowedIps);
    }
}
