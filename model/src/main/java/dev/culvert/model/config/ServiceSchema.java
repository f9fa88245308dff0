package dev.culvert.model.config;

import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Listener;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.Target;
import dev.culvert.model.TargetTls;
import dev.culvert.model.config.NetworkScalars.Entrance;
import dev.culvert.proto.inet.IpPrefix;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An entry of `services:`, at either end of the tunnel.
final class ServiceSchema {
    static final Field<List<String>> HOST = Field.optional(
            "host", new ListOf<>(Scalars.HOST), "HTTP by the Host of the request, exactly; a list for several");
    static final Field<List<Bind>> LISTEN = Field.optional(
            "listen", new ListOf<>(NetworkScalars.SERVICE_LISTEN), "a port of its own: `2222/tcp`, `192.0.2.1:25/tcp`");
    static final Field<List<Entrance>> LISTEN_AT_SITE = Field.optional(
            "listen",
            new ListOf<>(NetworkScalars.SITE_LISTEN),
            "`2222/tcp`, a port of its own at the gateways; or `tunnel:8080`, a port on this site's address in the"
                    + " tunnel, for what a stock hub sends");
    static final Field<String> SITE = Field.required("site", Scalars.NAME, "the site behind which the target is");
    static final Field<Target> TARGET = Field.required(
            "target", TargetScalars.TARGET, "what serves it, seen from the site; `https://` and `h2c://` as well");
    static final Field<String> TARGET_CA = Field.optional(
            "target-ca",
            Scalar.of("a path to a file", ServiceSchema::readFile),
            "the system's",
            "with https: the file of the authorities that are believed, as PEM");
    static final Field<Boolean> TARGET_INSECURE = Field.optional(
            "target-insecure",
            Scalars.BOOLEAN,
            false,
            "with https: any certificate will do, so whoever is on the way to the target can be in its place");
    static final Field<ClientAddress> CLIENT_ADDRESS = Field.optional(
            "client-address",
            Scalar.word(
                    Map.of("proxy", "which version of the PROXY protocol?"),
                    ClientAddress.NONE,
                    ClientAddress.HEADERS,
                    ClientAddress.PROXY_V1,
                    ClientAddress.PROXY_V2),
            "headers for http, none for tcp",
            "how the target learns the visitor's address; `headers` is http only, `none` tcp only");
    static final Field<Integer> MAX_CONNECTIONS = Field.optional(
            "max-connections", Scalars.CONNECTIONS, "no limit of its own", "most connections (http: requests) at once");
    static final Field<List<IpPrefix>> ALLOW =
            Field.optional("allow", new ListOf<>(NetworkScalars.PREFIX), "everyone", "who is let in");
    static final Field<List<IpPrefix>> DENY =
            Field.optional("deny", new ListOf<>(NetworkScalars.PREFIX), "nobody", "who is not, whatever `allow` says");
    static final Field<Section> ACCESS = Field.optional("access", Shape.of(ALLOW, DENY), "who may reach it");

    static final Field<List<Listener.Scope>> VISIBLE = Field.optional(
            "visible",
            new ListOf<>(Scalar.word(Map.of(), Listener.Scope.PUBLIC, Listener.Scope.TUNNEL, Listener.Scope.LAN)),
            Listener.Scope.PUBLIC,
            "which listeners serve its hosts, by scope; nobody else learns that it exists");

    static final Shape GATEWAY = withAnswers(Shape.of(
            HOST,
            LISTEN,
            SITE,
            TARGET,
            TARGET_CA,
            TARGET_INSECURE,
            CLIENT_ADDRESS,
            MAX_CONNECTIONS,
            ACCESS,
            VISIBLE,
            TlsSchema.TLS));
    static final Shape AT_SITE = withAnswers(Shape.of(
                    HOST,
                    LISTEN_AT_SITE,
                    TARGET,
                    TARGET_CA,
                    TARGET_INSECURE,
                    CLIENT_ADDRESS,
                    MAX_CONNECTIONS,
                    ACCESS,
                    VISIBLE,
                    TlsSchema.TLS))
            .refusing("site", "is for gateway.yaml: here the target is on this side");

    /// RFC 2606 keeps this name from leading anywhere.
    private static final Target STAND_IN = new Target(Target.Scheme.HTTP, "invalid", 1);

    private ServiceSchema() {}

    private static Shape withAnswers(Shape shape) {
        return shape.refusing("backend", "is called target")
                .refusing("upstream", "is called target")
                .refusing("hosts", "is called host, and takes a list")
                .refusing("domain", "is called host")
                .refusing("port", "is written as listen: 2222/tcp")
                .refusing("https", "is called tls, and takes gateway, site, backend or off")
                .refusing("certificate", "stands under tls")
                .refusing("path", "routing by path is not in this version")
                .refusing("proxy-protocol", "is written as client-address: proxy-v1 or proxy-v2");
    }

    private static String readFile(String text) throws Mismatch {
        if (text.isEmpty() || text.length() > 4096 || text.chars().anyMatch(c -> c < ' ')) {
            throw Mismatch.plain();
        }
        return text;
    }

    static Shape shape(Role role) {
        return role == Role.GATEWAY ? GATEWAY : AT_SITE;
    }

    /// The service as far as it can be understood: what is missing or wrong has been noted, and the document counts
    /// for nothing then. A stand-in takes the place of its target, so that everything else can still be checked.
    static Service read(String name, Section section, Origin origin, Role role) {
        Target known = section.get(TARGET);
        Target target = known == null ? STAND_IN : known.with(tls(section, known));
        List<String> hosts = section.get(HOST, List.of());
        List<Entrance> atSite = section.get(LISTEN_AT_SITE, List.of());
        List<Bind> listen = role == Role.GATEWAY
                ? section.get(LISTEN, List.of())
                : atSite.stream().map(Entrance::bind).toList();
        boolean inTunnel =
                role == Role.SITE && atSite.stream().anyMatch(entrance -> entrance.scope() == Listener.Scope.TUNNEL);
        if (inTunnel && atSite.stream().anyMatch(entrance -> entrance.scope() == Listener.Scope.PUBLIC)) {
            section.note(LISTEN_AT_SITE, "mixes tunnel: with ports of the gateway (expected: a service for each)");
        }
        boolean unread = role == Role.SITE && atSite.isEmpty();
        boolean here = origin.kind() != Origin.Kind.SITE;
        ServiceTls tls = TlsSchema.read(section, role, known == null ? null : known.scheme(), here);
        noteEntrance(section, known, inTunnel || unread, tls);
        String site = section.get(SITE);
        ClientAddress byDefault = ClientAddress.defaultFor(target.scheme());
        ClientAddress clientAddress = section.get(CLIENT_ADDRESS, byDefault);
        if (known != null) {
            noteClientAddress(section, known.scheme(), clientAddress);
        }
        Section access = section.get(ACCESS);
        AccessPolicy policy = access == null
                ? AccessPolicy.OPEN
                : new AccessPolicy(access.get(ALLOW, List.of()), access.get(DENY, List.of()));
        int most = section.get(MAX_CONNECTIONS, 0);
        Listener.Scope scope = inTunnel ? Listener.Scope.TUNNEL : Listener.Scope.PUBLIC;
        List<Listener.Scope> visible = section.get(VISIBLE, List.of(Listener.Scope.PUBLIC));
        if (section.mentions(VISIBLE) && hosts.isEmpty() && section.mentions(LISTEN)) {
            section.note(VISIBLE, "goes with host; a service with listen is seen where it listens");
        }
        return new Service(
                name,
                origin,
                site,
                scope,
                hosts,
                listen,
                target,
                clientAddress,
                policy,
                most,
                visible.isEmpty() ? Service.PUBLICLY : Set.copyOf(visible),
                here ? tls : tls.withoutFiles());
    }

    private static TargetTls tls(Section section, Target target) {
        for (Field<?> field : List.of(TARGET_CA, TARGET_INSECURE)) {
            if (section.mentions(field) && target.scheme() != Target.Scheme.HTTPS) {
                section.note(field, "goes with an https:// target");
            }
        }
        boolean insecure = section.get(TARGET_INSECURE, false);
        if (insecure && section.mentions(TARGET_CA)) {
            section.note(TARGET_CA, "stands beside target-insecure, which asks for none (expected: one of them)");
        }
        return new TargetTls(section.get(TARGET_CA), insecure);
    }

    private static void noteEntrance(Section section, @Nullable Target target, boolean anyScheme, ServiceTls tls) {
        boolean through = tls.ends() == ServiceTls.Ends.BACKEND;
        boolean host = section.mentions(HOST);
        boolean listen = section.mentions(LISTEN);
        if (!host && !listen) {
            section.note("neither host nor listen says where visitors reach it (expected: one of them)");
        } else if (host && listen) {
            section.note(LISTEN, "stands beside host (expected: one of them)");
        } else if (listen && section.mentions(TlsSchema.TLS)) {
            section.note(TlsSchema.TLS, "goes with host; a service with listen passes on whatever comes");
        } else if (target != null && host && !target.scheme().isHttp() && !through) {
            section.note(HOST, "goes with an http:// or tls:// target; tcp:// has no Host, use listen");
        } else if (target != null && listen && !anyScheme && target.scheme() != Target.Scheme.TCP) {
            section.note(LISTEN, "goes with a tcp:// target; for http:// use host");
        }
    }

    private static void noteClientAddress(Section section, Target.Scheme scheme, ClientAddress clientAddress) {
        if (scheme.isHttp() && clientAddress == ClientAddress.NONE) {
            section.note(CLIENT_ADDRESS, "\"none\" is for tcp:// and tls:// (expected: headers | proxy-v1 | proxy-v2)");
        } else if (!scheme.isHttp() && clientAddress == ClientAddress.HEADERS) {
            section.note(CLIENT_ADDRESS, "\"headers\" is for http:// (expected: none | proxy-v1 | proxy-v2)");
        }
    }
}
