package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/// What is close to a machine, so that answers to visitors pass it whatever it says: itself, and its containers.
///
/// @param own its addresses
/// @param containers the networks of its bridges that lead to nothing but containers and virtual machines
public record Surroundings(Set<InetAddress> own, List<IpPrefix> containers) {
    /// Of a machine that nobody has asked.
    public static final Surroundings UNKNOWN = new Surroundings(Set.of(), List.of());

    public Surroundings {
        own = Set.copyOf(own);
        containers = List.copyOf(containers);
    }

    /// Whether what that address sends passes this machine by itself.
    public boolean hold(InetAddress address) {
        return address.isLoopbackAddress()
                || own.contains(address)
                || containers.stream().anyMatch(prefix -> prefix.contains(address));
    }
}
