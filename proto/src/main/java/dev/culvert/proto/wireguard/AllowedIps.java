package dev.culvert.proto.wireguard;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.PrefixMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which address belongs to which peer ("cryptokey routing", paper §2): the way out, and the check of what comes
/// in.
final class AllowedIps {
    private final PrefixMap<Peer> peers = new PrefixMap<>();

    /// Makes `prefixes` all that `peer` has. A prefix that another peer had moves.
    void replace(Peer peer, List<IpPrefix> prefixes) {
        remove(peer);
        for (IpPrefix prefix : prefixes) {
            Peer previous = peers.put(prefix, peer);
            if (previous != null) {
                previous.allowedIps.remove(prefix);
            }
            peer.allowedIps.add(prefix);
        }
    }

    void remove(Peer peer) {
        for (IpPrefix prefix : new ArrayList<>(peer.allowedIps)) {
            peers.remove(prefix);
        }
        peer.allowedIps.clear();
    }

    /// @param length 4 or 16
    @Nullable
    Peer lookup(byte[] buffer, int offset, int length) {
        return peers.lookup(buffer, offset, length);
    }
}
