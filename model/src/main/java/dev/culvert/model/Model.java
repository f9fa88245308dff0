package dev.culvert.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// What a node is meant to be: the merge of its file and its store, checked and complete.
///
/// Two models are compared with `equals`. The maps keep the order of declaration.
///
/// @param name this node's own name
/// @param role gateway or site
/// @param tunnel this node's end of the tunnel
/// @param sites by name; empty at a site
/// @param gateways by name; empty at a gateway
/// @param listeners every socket for visitors, none overlapping another
/// @param services by name
/// @param rules what a site agrees to; [SiteRules#NOTHING] but for the tunnel's prefixes at a gateway
/// @param observation metrics, log and access log
/// @param acme how certificates are got; null if they are not
/// @param https how listeners with TLS behave
/// @param arrivals how many visitors may come, and who may name them
public record Model(
        String name,
        Role role,
        TunnelSettings tunnel,
        Map<String, Site> sites,
        Map<String, GatewayPeer> gateways,
        List<Listener> listeners,
        Map<String, Service> services,
        SiteRules rules,
        Observation observation,
        @Nullable AcmeSettings acme,
        HttpsSettings https,
        Arrivals arrivals) {
    public Model {
        sites = ordered(sites);
        gateways = ordered(gateways);
        listeners = List.copyOf(listeners);
        services = ordered(services);
    }

    /// The services that a site asks its gateways to publish; none at a gateway.
    public List<Service> published() {
        return role == Role.GATEWAY
                ? List.of()
                : services.values().stream()
                        .filter(service -> service.scope() == Listener.Scope.PUBLIC)
                        .toList();
    }

    /// The names whose TLS ends at this node, each with its service: it has to prove that they are its own.
    /// Of several services of a name it is the one that says with what certificates.
    public Map<String, Service> terminated() {
        ServiceTls.Ends here = role == Role.GATEWAY ? ServiceTls.Ends.GATEWAY : ServiceTls.Ends.SITE;
        Map<String, Service> names = new LinkedHashMap<>();
        for (Service service : services.values()) {
            if (service.tls().ends() == here) {
                service.hosts().forEach(host -> names.merge(host, service, Model::decisive));
            }
        }
        return names;
    }

    private static Service decisive(Service first, Service second) {
        if (first.tls().clientCaFile() != null || second.tls().clientCaFile() != null) {
            return first.tls().clientCaFile() != null ? first : second;
        }
        return first.tls().certificateFile() != null ? first : second;
    }

    /// Who may say at a listener for whom a connection is.
    public ProxyTrust trust(Listener listener) {
        String only = listener.service();
        if (only != null) {
            Service service = services.get(only);
            return service == null ? ProxyTrust.NOBODY : service.trust();
        }
        return switch (listener.protocol()) {
            case HTTP -> arrivals.http();
            case HTTPS -> listener.equals(Listener.BEHIND_HOP) ? ProxyTrust.NOBODY : arrivals.https();
            default -> ProxyTrust.NOBODY;
        };
    }

    /// A model whose visitors arrive as usual.
    public Model(
            String name,
            Role role,
            TunnelSettings tunnel,
            Map<String, Site> sites,
            Map<String, GatewayPeer> gateways,
            List<Listener> listeners,
            Map<String, Service> services,
            SiteRules rules,
            Observation observation,
            @Nullable AcmeSettings acme,
            HttpsSettings https) {
        this(
                name,
                role,
                tunnel,
                sites,
                gateways,
                listeners,
                services,
                rules,
                observation,
                acme,
                https,
                Arrivals.DEFAULT);
    }

    /// A model that gets no certificates, and whose listeners with TLS behave as usual.
    public Model(
            String name,
            Role role,
            TunnelSettings tunnel,
            Map<String, Site> sites,
            Map<String, GatewayPeer> gateways,
            List<Listener> listeners,
            Map<String, Service> services,
            SiteRules rules,
            Observation observation) {
        this(name, role, tunnel, sites, gateways, listeners, services, rules, observation, null, HttpsSettings.DEFAULT);
    }

    /// A model that observes as usual: no metrics, no access log.
    public Model(
            String name,
            Role role,
            TunnelSettings tunnel,
            Map<String, Site> sites,
            Map<String, GatewayPeer> gateways,
            List<Listener> listeners,
            Map<String, Service> services,
            SiteRules rules) {
        this(name, role, tunnel, sites, gateways, listeners, services, rules, Observation.DEFAULT);
    }

    /// This node without listeners, services and peers: what it is before its configuration is applied.
    public Model bare() {
        return new Model(name, role, tunnel, Map.of(), Map.of(), List.of(), Map.of(), SiteRules.NOTHING);
    }

    private static <V> SequencedMap<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableSequencedMap(new LinkedHashMap<>(map));
    }
}
