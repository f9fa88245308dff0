package dev.culvert.model.decide;

import dev.culvert.model.Destination;
import dev.culvert.model.Listener;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A connection or request whose service is known; made by [Router] only, shared by all that take this route.
public final class Routed implements Routing {
    private final Listener listener;
    private final Service service;
    private final Map<String, Site> sites;
    private final String host;
    private final String prefix;
    private final boolean guarded;

    Routed(Listener listener, Service service, Map<String, Site> sites, String host, String prefix, boolean guarded) {
        this.listener = listener;
        this.service = service;
        this.sites = sites;
        this.host = host;
        this.prefix = prefix;
        this.guarded = guarded;
    }

    Routed guard() {
        return new Routed(listener, service, sites, host, prefix, true);
    }

    public Listener listener() {
        return listener;
    }

    public Service service() {
        return service;
    }

    /// The site of one of the service's targets; null where it is on this node's own side.
    public @Nullable Site site(Destination destination) {
        String name = destination.site();
        return name == null ? null : sites.get(name);
    }

    /// The host or pattern by which it was found; empty where the listener alone leads here.
    public String host() {
        return host;
    }

    /// The path prefix by which it was found, `/` where the service takes every path.
    public String prefix() {
        return prefix;
    }

    /// Whether a target that two servers may read as two paths is refused here.
    public boolean isGuarded() {
        return guarded;
    }

    @Override
    public String toString() {
        return "Routed[" + service.name() + "]";
    }
}
