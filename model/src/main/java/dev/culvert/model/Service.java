package dev.culvert.model;

import java.util.List;
import java.util.Map;
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
        int maxConnections)
        implements Entry {
    public Service {
        hosts = List.copyOf(hosts);
        listen = List.copyOf(listen);
    }

    /// The same service as its gateway sees it: behind that site.
    public Service at(String site) {
        return new Service(name, origin, site, scope, hosts, listen, target, clientAddress, access, maxConnections);
    }

    @Override
    public String label() {
        return "service " + name;
    }

    @Override
    public Map<String, List<String>> settings() {
        String form = scope == Listener.Scope.TUNNEL ? "tunnel:%s" : "%s/tcp";
        return new Settings()
                .putAll("host", hosts)
                .putAll("listen", listen.stream().map(form::formatted).toList())
                .put("site", site)
                .put("target", target)
                .put("target-ca", target.tls().ca())
                .putUnless("target-insecure", false, target.tls().insecure())
                .putUnless("client-address", ClientAddress.defaultFor(target.scheme()), clientAddress)
                .putUnless("max-connections", 0, maxConnections)
                .putAll("access.allow", access.allow())
                .putAll("access.deny", access.deny())
                .done();
    }
}
