package dev.culvert.model.decide;

import dev.culvert.model.Listener;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import org.jspecify.annotations.Nullable;

/// A connection or request whose service is known; made by [Router] only, shared by all that take this route.
public final class Routed implements Routing {
    private final Listener listener;
    private final Service service;
    private final @Nullable Site site;

    Routed(Listener listener, Service service, @Nullable Site site) {
        this.listener = listener;
        this.service = service;
        this.site = site;
    }

    public Listener listener() {
        return listener;
    }

    public Service service() {
        return service;
    }

    /// The site that serves it; null where the target is on this node's own side.
    public @Nullable Site site() {
        return site;
    }

    @Override
    public String toString() {
        return "Routed[" + service.name() + "]";
    }
}
