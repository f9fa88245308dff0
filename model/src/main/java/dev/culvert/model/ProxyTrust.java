package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;

/// Who may say by a PROXY header for whom a connection is. Asked about the other end of the socket alone, never about
/// an
/// address out of a header (proxy-protocol.md §6).
///
/// @param require whose connections begin with a header, or are closed
/// @param optional whose connections may begin with one
/// @param clients prefixes that these may name although nothing comes from there over the internet
public record ProxyTrust(List<IpPrefix> require, List<IpPrefix> optional, List<IpPrefix> clients) {
    /// Nobody: a header is refused, whoever sends it.
    public static final ProxyTrust NOBODY = new ProxyTrust(List.of(), List.of(), List.of());

    /// What is expected of a connection.
    public enum Expectation {
        REQUIRE,
        OPTIONAL,
        REJECT
    }

    public ProxyTrust {
        require = List.copyOf(require);
        optional = List.copyOf(optional);
        clients = List.copyOf(clients);
    }

    /// What is expected of who connects from `peer`; where both lists have it, the header has to be there.
    public Expectation of(InetAddress peer) {
        if (contains(require, peer)) {
            return Expectation.REQUIRE;
        }
        return contains(optional, peer) ? Expectation.OPTIONAL : Expectation.REJECT;
    }

    /// Whether nobody may send a header.
    public boolean isNobody() {
        return require.isEmpty() && optional.isEmpty();
    }

    void settings(String section, Settings out) {
        out.putAll(section + "proxy-protocol.require", require)
                .putAll(section + "proxy-protocol.optional", optional)
                .putAll(section + "proxy-protocol.clients", clients);
    }

    private static boolean contains(List<IpPrefix> prefixes, InetAddress address) {
        for (IpPrefix prefix : prefixes) {
            if (prefix.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
