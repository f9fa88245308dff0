package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;

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

    private static String ports(AllowRule rule) {
        return ":" + rule.firstPort() + (rule.firstPort() == rule.lastPort() ? "" : "-" + rule.lastPort());
    }
}
