package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;

/// One line of a site's `allow:` list: hosts and ports that the home agrees to be reached at.
public sealed interface AllowRule {
    /// What may come: a rule for connections lets no datagram in.
    Transport transport();

    int firstPort();

    /// Not below [#firstPort()].
    int lastPort();

    default boolean allowsPort(Transport by, int port) {
        return by == transport() && port >= firstPort() && port <= lastPort();
    }

    /// Every address within a prefix, where the target is written as an address.
    record Addresses(Transport transport, IpPrefix prefix, int firstPort, int lastPort) implements AllowRule {
        /// For connections.
        public Addresses(IpPrefix prefix, int firstPort, int lastPort) {
            this(Transport.TCP, prefix, firstPort, lastPort);
        }

        @Override
        public String toString() {
            String hosts = Literals.format(prefix);
            return (prefix.isIpv4() ? hosts : "[" + hosts + "]") + ports(this);
        }
    }

    /// One name, lower-case, where the target is written as that name; resolved when it is dialled.
    record Name(Transport transport, String host, int firstPort, int lastPort) implements AllowRule {
        /// For connections.
        public Name(String host, int firstPort, int lastPort) {
            this(Transport.TCP, host, firstPort, lastPort);
        }

        @Override
        public String toString() {
            return host + ports(this);
        }
    }

    /// The rule for one target and nothing else.
    static AllowRule exactly(Target target) {
        InetAddress literal = Literals.address(target.host());
        return literal == null
                ? new Name(target.transport(), target.host(), target.port(), target.last())
                : new Addresses(target.transport(), IpPrefix.host(literal), target.port(), target.last());
    }

    private static String ports(AllowRule rule) {
        return ":" + rule.firstPort() + (rule.firstPort() == rule.lastPort() ? "" : "-" + rule.lastPort())
                + (rule.transport() == Transport.UDP ? "/udp" : "");
    }
}
