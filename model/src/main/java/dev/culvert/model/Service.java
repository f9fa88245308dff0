package dev.culvert.model;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One thing published: where visitors reach it, and which target at which site serves it.
///
/// Exactly one of `hosts` and `listen` is not empty.
///
/// @param name unique within the model
/// @param origin where it was declared
/// @param site the site that serves it; null at a site itself, where the target is on this side
/// @param scope where visitors come from: at a gateway always `PUBLIC`; at a site, `PUBLIC` is what its gateways are
///     asked to publish, and `TUNNEL` what it takes from the tunnel itself
/// @param hosts HTTP host names, lower-case A-labels
/// @param listen addresses and ports of its own, of that scope
/// @param target what serves it, seen from the site
/// @param clientAddress how the target learns who the visitor is
/// @param access who may reach it
/// @param maxConnections most connections (TCP) or requests (HTTP) at once, 0 for no limit of its own
/// @param visible the scopes of those listeners that serve its hosts; not empty
/// @param tls where its TLS ends, and with what
public record Service(
        String name,
        Origin origin,
        @Nullable String site,
        Listener.Scope scope,
        List<String> hosts,
        List<Bind> listen,
        Target target,
        ClientAddress clientAddress,
        AccessPolicy access,
        int maxConnections,
        Set<Listener.Scope> visible,
        ServiceTls tls)
        implements Entry {
    /// Where visitors come from unless a service says otherwise.
    public static final Set<Listener.Scope> PUBLICLY = Set.of(Listener.Scope.PUBLIC);

    public Service {
        hosts = List.copyOf(hosts);
        listen = List.copyOf(listen);
        visible = Collections.unmodifiableSet(EnumSet.copyOf(visible));
    }

    /// A service that everybody sees, and that says nothing about TLS.
    public Service(
            String name,
            Origin origin,
            @Nullable String site,
            Listener.Scope scope,
            List<String> hosts,
            List<Bind> listen,
            Target target,
            ClientAddress clientAddress,
            AccessPolicy access,
            int maxConnections) {
        this(
                name,
                origin,
                site,
                scope,
                hosts,
                listen,
                target,
                clientAddress,
                access,
                maxConnections,
                PUBLICLY,
                ServiceTls.UNSAID);
    }

    /// The same service as its gateway sees it: behind that site.
    public Service at(String site) {
        return new Service(
                name, origin, site, scope, hosts, listen, target, clientAddress, access, maxConnections, visible, tls);
    }

    /// The same service with its TLS elsewhere, or of other files.
    public Service with(ServiceTls other) {
        return new Service(
                name,
                origin,
                site,
                scope,
                hosts,
                listen,
                target,
                clientAddress,
                access,
                maxConnections,
                visible,
                other);
    }

    /// Whether visitors of listeners of a scope may see it.
    public boolean isVisible(Listener.Scope from) {
        return visible.contains(from);
    }

    @Override
    public String label() {
        return "service " + name;
    }

    @Override
    public Map<String, List<String>> settings() {
        String form = scope == Listener.Scope.TUNNEL ? "tunnel:%s" : "%s/tcp";
        Settings settings = new Settings()
                .putAll("host", hosts)
                .putAll("listen", listen.stream().map(form::formatted).toList())
                .put("site", site)
                .put("target", target)
                .put("target-ca", target.tls().ca())
                .putUnless("target-insecure", false, target.tls().insecure())
                .putUnless("client-address", ClientAddress.defaultFor(target.scheme()), clientAddress)
                .putUnless("max-connections", 0, maxConnections)
                .putAll("access.allow", access.allow())
                .putAll("access.deny", access.deny());
        if (!visible.equals(PUBLICLY)) {
            settings.putAll("visible", List.copyOf(visible));
        }
        tls.settings(settings);
        return settings.done();
    }
}
