package dev.culvert.model;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/// What a site may publish by its own word. Nothing unless the gateway's operator says so: a home that was taken over
/// must not be able to take another site's name.
///
/// @param hosts for HTTP services
/// @param ports for services with a port of their own
public record Grants(List<HostPattern> hosts, List<PortRange> ports) {
    public static final Grants NONE = new Grants(List.of(), List.of());

    public Grants {
        hosts = List.copyOf(hosts);
        ports = List.copyOf(ports);
    }

    public boolean allowsHost(String host) {
        return hosts.stream().anyMatch(pattern -> pattern.matches(host));
    }

    /// A port on every address of the gateway; which of them a port is bound to is not a site's business.
    public boolean allowsListen(Transport transport, Bind bind) {
        return bind.address() == null && ports.stream().anyMatch(range -> range.covers(transport, bind));
    }

    public boolean isEmpty() {
        return hosts.isEmpty() && ports.isEmpty();
    }

    /// Both together, without what stands twice.
    public Grants plus(Grants more) {
        return new Grants(union(hosts, more.hosts), union(ports, more.ports));
    }

    private static <T> List<T> union(List<T> a, List<T> b) {
        LinkedHashSet<T> all = new LinkedHashSet<>(a);
        all.addAll(b);
        return new ArrayList<>(all);
    }
}
