package dev.culvert.proto.wireguard.uapi;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One operation that was asked for.
public sealed interface UapiRequest {
    /// `get=1`: everything.
    record Get() implements UapiRequest {}

    /// `set=1` with its changes, in the order in which they are carried out. Null is "stays as it is".
    ///
    /// @param privateKey the key to have, if any
    /// @param listenPort 0 for any
    /// @param fwmark 0 for off
    /// @param replacePeers whether all peers go first
    record Set(
            @Nullable Assignment<PrivateKey> privateKey,
            @Nullable Integer listenPort,
            @Nullable Integer fwmark,
            boolean replacePeers,
            List<PeerChange> peers)
            implements UapiRequest {
        public Set {
            peers = List.copyOf(peers);
        }
    }

    /// Something that cannot be understood; nothing of it is carried out.
    ///
    /// @param get whether the answer is read by who asked with `get=1`, which takes no negative numbers
    record Refused(boolean get, int errno) implements UapiRequest {}

    /// What becomes of one peer. Null is "stays as it is".
    ///
    /// @param remove it goes
    /// @param updateOnly nothing happens if it is not there
    /// @param presharedKey the key to have, if any
    /// @param keepaliveSeconds 0 for off
    /// @param replaceAllowedIps whether all its prefixes go first
    record PeerChange(
            PublicKey key,
            boolean remove,
            boolean updateOnly,
            @Nullable Assignment<PresharedKey> presharedKey,
            @Nullable InetSocketAddress endpoint,
            @Nullable Integer keepaliveSeconds,
            boolean replaceAllowedIps,
            List<PrefixChange> allowedIps) {
        public PeerChange {
            allowedIps = List.copyOf(allowedIps);
        }
    }

    /// A key that takes the place of another.
    ///
    /// @param value null for none
    record Assignment<T>(@Nullable T value) {}

    /// A prefix that a peer gets, or loses.
    record PrefixChange(IpPrefix prefix, boolean remove) {}
}
