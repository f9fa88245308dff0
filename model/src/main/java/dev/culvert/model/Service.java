package dev.culvert.model;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One thing published: where visitors reach it, and which targets at which sites serve it.
///
/// Exactly one of `hosts` and `listen` is not empty.
///
/// @param name unique within the model
/// @param origin where it was declared
/// @param scope where visitors come from: at a gateway always `PUBLIC`; at a site, `PUBLIC` is what its gateways are
///     asked to publish, and `TUNNEL` what it takes from the tunnel itself
/// @param hosts HTTP host names, lower-case A-labels; `*.example.com` stands for every name below
/// @param listen addresses and ports of its own, of that scope
/// @param targets what serves it, all of one scheme; empty only where visitors are sent elsewhere
/// @param clientAddress how the target learns who the visitor is
/// @param access who may reach it
/// @param maxConnections most connections (TCP) or requests (HTTP) at once, 0 for no limit of its own
/// @param http what is done with its requests
/// @param balancing how one of several targets is chosen
/// @param visible the scopes of those listeners that serve its hosts; not empty
/// @param tls where its TLS ends, and with what
/// @param udp what bounds its flows, with `udp://` targets
/// @param trust who may name the visitor by a PROXY header where it has a listener of its own
/// @param returnsViaSite whether the targets' answers pass the site's machine although they are neither on it nor in
/// its
///     containers
/// @param forwarding who carries its bytes
public record Service(
        String name,
        Origin origin,
        Listener.Scope scope,
        List<String> hosts,
        List<Bind> listen,
        List<Destination> targets,
        ClientAddress clientAddress,
        AccessPolicy access,
        int maxConnections,
        HttpSettings http,
        Balancing balancing,
        Set<Listener.Scope> visible,
        ServiceTls tls,
        UdpSettings udp,
        ProxyTrust trust,
        boolean returnsViaSite,
        Forwarding forwarding)
        implements Entry {
    /// Where visitors come from unless a service says otherwise.
    public static final Set<Listener.Scope> PUBLICLY = Set.of(Listener.Scope.PUBLIC);

    public Service {
        hosts = List.copyOf(hosts);
        listen = List.copyOf(listen);
        targets = List.copyOf(targets);
        visible = Collections.unmodifiableSet(EnumSet.copyOf(visible));
    }

    /// A service whose flows are bounded as usual, and whose visitors come without a PROXY header.
    public Service(
            String name,
            Origin origin,
            Listener.Scope scope,
            List<String> hosts,
            List<Bind> listen,
            List<Destination> targets,
            ClientAddress clientAddress,
            AccessPolicy access,
            int maxConnections,
            HttpSettings http,
            Balancing balancing,
            Set<Listener.Scope> visible,
            ServiceTls tls) {
        this(
                name,
                origin,
                scope,
                hosts,
                listen,
                targets,
                clientAddress,
                access,
                maxConnections,
                http,
                balancing,
                visible,
                tls,
                UdpSettings.DEFAULT,
                ProxyTrust.NOBODY,
                false,
                Forwarding.RELAY);
    }

    /// A service that everybody sees, and that says nothing about TLS.
    public Service(
            String name,
            Origin origin,
            Listener.Scope scope,
            List<String> hosts,
            List<Bind> listen,
            List<Destination> targets,
            ClientAddress clientAddress,
            AccessPolicy access,
            int maxConnections,
            HttpSettings http,
            Balancing balancing) {
        this(
                name,
                origin,
                scope,
                hosts,
                listen,
                targets,
                clientAddress,
                access,
                maxConnections,
                http,
                balancing,
                PUBLICLY,
                ServiceTls.UNSAID);
    }

    /// The same service as its gateway sees it: behind that site.
    public Service at(String site) {
        List<Destination> there = targets.stream()
                .map(destination -> new Destination(site, destination.target()))
                .toList();
        return new Service(
                name,
                origin,
                scope,
                hosts,
                listen,
                there,
                clientAddress,
                access.at(site),
                maxConnections,
                http,
                balancing,
                visible,
                tls,
                udp,
                trust,
                returnsViaSite,
                forwarding);
    }

    /// The same service with its TLS elsewhere, or of other files.
    public Service with(ServiceTls other) {
        return new Service(
                name,
                origin,
                scope,
                hosts,
                listen,
                targets,
                clientAddress,
                access,
                maxConnections,
                http,
                balancing,
                visible,
                other,
                udp,
                trust,
                returnsViaSite,
                forwarding);
    }

    /// Whether visitors of listeners of a scope may see it.
    public boolean isVisible(Listener.Scope from) {
        return visible.contains(from);
    }

    /// What is spoken with its targets.
    public Target.Scheme scheme() {
        return targets.isEmpty()
                ? Target.Scheme.HTTP
                : targets.getFirst().target().scheme();
    }

    public Transport transport() {
        return scheme().transport();
    }

    /// The ports of its own as the configuration takes them: `2222/tcp`, `27000-27100/udp`, `tunnel:8080`.
    public List<String> listens() {
        boolean inside = scope == Listener.Scope.TUNNEL;
        boolean silent = inside && transport() == Transport.TCP;
        return listen.stream()
                .map(bind -> (inside ? "tunnel:" : "") + bind + (silent ? "" : "/" + transport()))
                .toList();
    }

    /// How its targets prove who they are: all of them alike.
    private TargetTls targetTls() {
        return targets.isEmpty()
                ? TargetTls.DEFAULT
                : targets.getFirst().target().tls();
    }

    /// The sites of its targets, each once; empty where they are on this node's own side.
    public List<String> sites() {
        return targets.stream()
                .map(Destination::site)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    /// The first of its sites; null where it has none.
    public @Nullable String site() {
        // Asked for every connection and request.
        for (Destination destination : targets) {
            if (destination.site() != null) {
                return destination.site();
            }
        }
        return null;
    }

    /// Its targets in words: `http://192.168.1.20:8096`, several with commas, or where it redirects to.
    public String leadsTo() {
        Redirect redirect = http.redirect();
        return redirect == null ? String.join(", ", targets(sites().size() > 1)) : "redirect to " + redirect.to();
    }

    private List<String> targets(boolean withSites) {
        return targets.stream()
                .map(destination -> withSites
                        ? destination.toString()
                        : destination.target().toString())
                .toList();
    }

    @Override
    public String label() {
        return "service " + name;
    }

    @Override
    public Map<String, List<String>> settings() {
        boolean several = sites().size() > 1;
        Settings settings = new Settings()
                .putAll("host", hosts)
                .putAll("path", http.match().paths())
                .putAll("method", http.match().methods())
                .putAll("header", http.match().headers())
                .putAll("listen", listens())
                .put("site", several ? null : site())
                .putAll("target", targets(several))
                .put("target-ca", targetTls().ca())
                .putUnless("target-insecure", false, targetTls().insecure())
                .putUnless("client-address", ClientAddress.defaultFor(scheme()), clientAddress)
                .put("returns-via", returnsViaSite ? "site" : null)
                .putUnless("forward", Forwarding.RELAY, forwarding)
                .putUnless("max-connections", 0, maxConnections);
        balancing.settings(settings);
        http.settings(settings);
        udp.settings(settings);
        access.settings(settings);
        if (!visible.equals(PUBLICLY)) {
            settings.putAll("visible", List.copyOf(visible));
        }
        tls.settings(settings);
        trust.settings("", settings);
        return settings.done();
    }
}
