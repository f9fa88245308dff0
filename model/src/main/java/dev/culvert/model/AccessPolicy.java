package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;

/// Who may reach a service: everyone in `allow` (everyone at all where it is empty) except those in `deny`.
///
/// @param allow the prefixes let in; empty means all
/// @param deny the prefixes refused, whatever `allow` says
public record AccessPolicy(List<IpPrefix> allow, List<IpPrefix> deny) {
    public static final AccessPolicy OPEN = new AccessPolicy(List.of(), List.of());

    public AccessPolicy {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
    }

    public boolean allows(InetAddress client) {
        return !contains(deny, client) && (allow.isEmpty() || contains(allow, client));
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
