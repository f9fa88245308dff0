package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;

/// One line of a site's `allow:` list: hosts and ports that the home agrees to be reached at.
public sealed interface AllowRule {
    int firstPort();

    /// Not below [#firstPort()].
    int lastPort();

    default boolean allowsPort(int port) {
        return port >= firstPort() && port <= lastPort();
    }

    /// Every address within a prefix, where the target is written as an address.
    record Addresses(IpPrefix prefix, int firstPort, int lastPort) implements AllowRule {
        @Override
        public String toString() {
            String hosts = Literals.format(prefix);
            return (prefix.isIpv4() ? hosts : "[" + hosts + "]") + ports(this);
        }
    }

    /// One name, lower-case, where the target is written as that name; resolved when it is dialled.
    record Name(String host, int firstPort, int lastPort) implements AllowRule {
        @Override
        public String toString() {
            return host + ports(this);
        }
    }

    /// The rule for one target and nothing else.
    static AllowRule exactly(Target target) {
        InetAddress literal = Literals.address(target.host());
        return literal == null
                ? new Name(target.host(), target.port(), target.port())
                : new Addresses(IpPrefix.host(literal), target.port(), target.port());
    }

    private static String ports(AllowRule rule) {
        return ":" + rule.firstPort() + (rule.firstPort() == rule.lastPort() ? "" : "-" + rule.lastPort());
    }
}
