package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.PrefixMap;
import java.util.Collection;

/// How large packets may be by where they go, as measured by whoever owns the stack; where nothing was, as
/// large as the stack's MTU. Looked up once for each connection.
final class PathMtus {
    /// Every IPv4 host takes this much (RFC 1122 §3.3.2), and no tunnel worth having carries less.
    static final int LEAST = 576;

    private final int mtu;
    private final PrefixMap<Integer> limits = new PrefixMap<>();
    private final byte[] address = new byte[16];

    PathMtus(int mtu) {
        this.mtu = mtu;
    }

    void put(Collection<IpPrefix> destinations, int bytes) {
        for (IpPrefix destination : destinations) {
            if (bytes >= mtu) {
                limits.remove(destination);
            } else {
                limits.put(destination, Math.max(bytes, LEAST));
            }
        }
    }

    int towards(long high, long low) {
        NetworkOrder.put64(address, 0, high);
        NetworkOrder.put64(address, 8, low);
        boolean ipv4 = AddressWords.isIpv4(high, low);
        Integer limit = limits.lookup(address, ipv4 ? 12 : 0, ipv4 ? 4 : 16);
        return limit == null ? mtu : limit;
    }
}
