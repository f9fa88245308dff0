package dev.culvert.model.config;

import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.Forwarding;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Listener;
import dev.culvert.model.Origin;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.Refusal;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.Target;
import dev.culvert.model.TargetTls;
import dev.culvert.model.Transport;
import dev.culvert.model.config.NetworkScalars.Entrance;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An entry of `services:`, at either end of the tunnel.
final class ServiceSchema {
    static final Field<List<String>> HOST = Field.optional(
            "host",
            new ListOf<>(Scalars.SERVED_HOST),
            "HTTP by the Host of the request; `*.example.com` takes every name below");
    static final Field<List<Entrance>> LISTEN = Field.optional(
            "listen",
            new ListOf<>(NetworkScalars.SERVICE_LISTEN),
            "a port of its own: `2222/tcp`, `192.0.2.1:25/tcp`; of datagrams also several in a row:"
                    + " `27000-27100/udp`");
    static final Field<List<Entrance>> LISTEN_AT_SITE = Field.optional(
            "listen",
            new ListOf<>(NetworkScalars.SITE_LISTEN),
            "`2222/tcp` or `27000-27100/udp`, ports of its own at the gateways; or `tunnel:8080`, a port on this site's address in the"
                    + " tunnel, for what a stock hub sends");
    static final Field<String> SITE = Field.optional(
            "site",
            Scalars.NAME,
            "the site behind which the targets are that do not name one themselves; `here` is the gateway's own side");
    static final Field<List<Destination>> TARGET = Field.optional(
            "target",
            new ListOf<>(TargetScalars.PLACED),
            "what serves it, seen from the site; `https://` and `h2c://` as well; a list for several, `http://10.0.0.5:80 at office` for one elsewhere;"
                    + " `udp://10.0.0.5:27000-27100` behind as many ports");
    static final Field<List<Destination>> TARGET_AT_SITE = Field.optional(
            "target", new ListOf<>(TargetScalars.HERE), "what serves it, seen from here; a list for several");
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
                    ClientAddress.PROXY_V2,
                    ClientAddress.TRANSPARENT),
            "headers for http, else none",
            "how the target learns the visitor's address; `headers` is http only, `none` tcp and udp only; with udp a"
                    + " header of proxy-v2 stands in each datagram; with `transparent` it is the other end of the"
                    + " target's socket, where the site agrees");
    static final Field<String> RETURNS_VIA = Field.optional(
            "returns-via",
            Scalar.word(Map.of(), "site"),
            "the site's own machine and its containers",
            "with transparent: the targets are elsewhere, and what they answer to the internet passes the site's"
                    + " machine");
    static final Field<Integer> MAX_CONNECTIONS = Field.optional(
            "max-connections", Scalars.CONNECTIONS, "no limit of its own", "most connections (http: requests) at once");
    static final Field<List<Listener.Scope>> VISIBLE = Field.optional(
            "visible",
            new ListOf<>(Scalar.word(Map.of(), Listener.Scope.PUBLIC, Listener.Scope.TUNNEL, Listener.Scope.LAN)),
            Listener.Scope.PUBLIC,
            "which listeners serve its hosts, by scope; nobody else learns that it exists");

    static final Shape GATEWAY = withAnswers(Shape.of(
            HOST,
            HttpSchema.PATH,
            HttpSchema.METHOD,
            HttpSchema.HEADER,
            LISTEN,
            SITE,
            TARGET,
            TARGET_CA,
            TARGET_INSECURE,
            BalanceSchema.BALANCE,
            BalanceSchema.STICKY,
            BalanceSchema.HEALTH,
            HttpSchema.REDIRECT,
            HttpSchema.REDIRECT_STATUS,
            HttpSchema.STRIP_PREFIX,
            HttpSchema.REWRITE_PREFIX,
            HttpSchema.HEADERS,
            HttpSchema.MAINTENANCE,
            HttpSchema.MAX_BODY,
            HttpSchema.RESPONSE_TIMEOUT,
            CLIENT_ADDRESS,
            RETURNS_VIA,
            ForwardSchema.FORWARD,
            MAX_CONNECTIONS,
            UdpSchema.UDP,
            AccessSchema.GATEWAY,
            VISIBLE,
            TlsSchema.TLS,
            ArrivalSchema.PROXY));
    static final Shape AT_SITE = withAnswers(Shape.of(
                    HOST,
                    HttpSchema.PATH,
                    HttpSchema.METHOD,
                    HttpSchema.HEADER,
                    LISTEN_AT_SITE,
                    TARGET_AT_SITE,
                    TARGET_CA,
                    TARGET_INSECURE,
                    BalanceSchema.BALANCE,
                    BalanceSchema.STICKY,
                    BalanceSchema.HEALTH,
                    HttpSchema.REDIRECT,
                    HttpSchema.REDIRECT_STATUS,
                    HttpSchema.STRIP_PREFIX,
                    HttpSchema.REWRITE_PREFIX,
                    HttpSchema.HEADERS,
                    HttpSchema.MAINTENANCE,
                    HttpSchema.MAX_BODY,
                    HttpSchema.RESPONSE_TIMEOUT,
                    CLIENT_ADDRESS,
                    RETURNS_VIA,
                    MAX_CONNECTIONS,
                    UdpSchema.UDP,
                    AccessSchema.AT_SITE,
                    VISIBLE,
                    TlsSchema.TLS,
                    ArrivalSchema.PROXY))
            .refusing("site", "is for gateway.yaml: here the target is on this side")
            .refusing("forward", "is for gateway.yaml: it is the gateway's kernel that would forward");

    /// RFC 2606 keeps this name from leading anywhere.
    private static final Target STAND_IN = new Target(Target.Scheme.HTTP, "invalid", 1);

    private static final int MOST_TARGETS = 64;

    private ServiceSchema() {}

    private static Shape withAnswers(Shape shape) {
        return shape.refusing("backend", "is called target")
                .refusing("upstream", "is called target")
                .refusing("hosts", "is called host, and takes a list")
                .refusing("domain", "is called host")
                .refusing("port", "is written as listen: 2222/tcp")
                .refusing("https", "is called tls, and takes gateway, site, backend or off")
                .refusing("certificate", "stands under tls")
                .refusing("send-proxy", "is written as client-address: proxy-v1 or proxy-v2");
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
        List<Destination> known = targets(section, role);
        Target.Scheme scheme =
                known.isEmpty() ? null : known.getFirst().target().scheme();
        List<Entrance> entrances = section.get(role == Role.GATEWAY ? LISTEN : LISTEN_AT_SITE, List.of());
        List<Entrance> atSite = role == Role.GATEWAY ? List.of() : entrances;
        List<Bind> listen = entrances.stream().map(Entrance::bind).toList();
        boolean inTunnel =
                role == Role.SITE && atSite.stream().anyMatch(entrance -> entrance.scope() == Listener.Scope.TUNNEL);
        if (inTunnel && atSite.stream().anyMatch(entrance -> entrance.scope() == Listener.Scope.PUBLIC)) {
            section.note(LISTEN_AT_SITE, "mixes tunnel: with ports of the gateway (expected: a service for each)");
        }
        boolean unread = role == Role.SITE && atSite.isEmpty();
        boolean here = origin.kind() != Origin.Kind.SITE;
        ServiceTls tls = TlsSchema.read(section, role, scheme, here);
        noteEntrance(section, scheme, inTunnel || unread, tls);
        notePorts(section, entrances, known);
        List<Listener.Scope> visible = section.get(VISIBLE, List.of(Listener.Scope.PUBLIC));
        if (section.mentions(VISIBLE) && !section.mentions(HOST) && section.mentions(LISTEN)) {
            section.note(VISIBLE, "goes with host; a service with listen is seen where it listens");
        }
        Target.Scheme spoken = scheme == null ? Target.Scheme.HTTP : scheme;
        ClientAddress clientAddress = section.get(CLIENT_ADDRESS, ClientAddress.defaultFor(spoken));
        HttpSettings http = HttpSchema.read(section);
        boolean elsewhere = section.mentions(HttpSchema.REDIRECT);
        String page = http.maintenance();
        if (role == Role.SITE && !inTunnel && page != null && !page.equals(HttpSettings.MAINTENANCE)) {
            section.note(HttpSchema.MAINTENANCE, "a page of its own is for gateway.yaml (expected: true | false)");
        }
        noteTargets(section, known, elsewhere, role);
        if (scheme != null) {
            noteClientAddress(section, scheme, clientAddress);
            noteHttpOnly(section, scheme, http);
        }
        noteTransparent(section, clientAddress, tls, inTunnel);
        if (scheme == Target.Scheme.UDP && section.mentions(MAX_CONNECTIONS)) {
            section.note(MAX_CONNECTIONS, "is called udp.flows for udp:// targets");
        }
        AccessPolicy policy = AccessSchema.read(
                section.get(role == Role.GATEWAY ? AccessSchema.GATEWAY : AccessSchema.AT_SITE), role == Role.SITE);
        if (scheme != null && scheme.isHttp() && policy.limits().refusal() == Refusal.DROP) {
            section.note(AccessSchema.GATEWAY, "refuse: drop is for tcp:// targets; by HTTP a refusal is an answer");
        }
        if (scheme != null && !scheme.isHttp() && (policy.basic() != null || policy.forwardAuth() != null)) {
            section.note(AccessSchema.GATEWAY, "basic and forward-auth are for http:// targets");
        }
        if (tls.ends() == ServiceTls.Ends.SITE && (policy.basic() != null || policy.forwardAuth() != null)) {
            section.note(AccessSchema.GATEWAY, "basic and forward-auth do not go with tls: site in this version");
        }
        Forwarding forwarding = role == Role.GATEWAY ? ForwardSchema.read(section, origin, known) : Forwarding.RELAY;
        return new Service(
                name,
                origin,
                inTunnel ? Listener.Scope.TUNNEL : Listener.Scope.PUBLIC,
                section.get(HOST, List.of()),
                listen,
                known.isEmpty() && !elsewhere ? List.of(new Destination(section.get(SITE), STAND_IN)) : known,
                clientAddress,
                policy,
                section.get(MAX_CONNECTIONS, 0),
                http,
                BalanceSchema.read(section, spoken),
                visible.isEmpty() ? Service.PUBLICLY : Set.copyOf(visible),
                here ? tls : tls.withoutFiles(),
                UdpSchema.read(section, scheme),
                trust(section, role, inTunnel || unread),
                section.get(RETURNS_VIA) != null,
                forwarding);
    }

    private static ProxyTrust trust(Section section, Role role, boolean inTunnel) {
        ProxyTrust trust = ArrivalSchema.trust(section);
        if (trust == null) {
            return ProxyTrust.NOBODY;
        }
        if (section.mentions(HOST)) {
            section.note(ArrivalSchema.PROXY, "stands under http: and https:, for services by host share their ports");
        } else if (role == Role.SITE && !inTunnel) {
            section.note(ArrivalSchema.PROXY, "is the gateway's to say for its own ports (expected: listen: tunnel:…)");
        }
        return trust;
    }

    private static TargetTls tls(Section section, Target.@Nullable Scheme scheme) {
        for (Field<?> field : List.of(TARGET_CA, TARGET_INSECURE)) {
            if (section.mentions(field) && scheme != Target.Scheme.HTTPS) {
                section.note(field, "goes with an https:// target");
            }
        }
        boolean insecure = section.get(TARGET_INSECURE, false);
        if (insecure && section.mentions(TARGET_CA)) {
            section.note(TARGET_CA, "stands beside target-insecure, which asks for none (expected: one of them)");
        }
        return new TargetTls(section.get(TARGET_CA), insecure);
    }

    /// The targets, each at its site.
    private static List<Destination> targets(Section section, Role role) {
        String site = section.get(SITE);
        List<Destination> written = section.get(role == Role.GATEWAY ? TARGET : TARGET_AT_SITE, List.of());
        TargetTls tls = tls(
                section, written.isEmpty() ? null : written.getFirst().target().scheme());
        return written.stream()
                .map(each -> new Destination(
                        each.site() == null ? site : each.site(), each.target().with(tls)))
                .toList();
    }

    private static void noteTargets(Section section, List<Destination> targets, boolean elsewhere, Role role) {
        boolean written = section.mentions(TARGET);
        if (elsewhere && written) {
            section.note(TARGET, "stands beside redirect (expected: one of them)");
        } else if (!elsewhere && !written) {
            section.note(TARGET, "is missing (expected: " + TargetScalars.PLACED.expected() + ")");
        } else if (written && targets.isEmpty() && !section.isBroken(TARGET)) {
            section.note(TARGET, "is an empty list (expected: " + TargetScalars.PLACED.expected() + ")");
        }
        if (targets.size() > MOST_TARGETS) {
            section.note(TARGET, targets.size() + " targets (expected: at most " + MOST_TARGETS + ")");
        }
        if (targets.stream()
                        .map(destination -> destination.target().scheme())
                        .distinct()
                        .count()
                > 1) {
            section.note(TARGET, "mixes schemes (expected: a service for each)");
        }
        if (targets.size() != Set.copyOf(targets).size()) {
            section.note(TARGET, "stands twice in the list");
        }
        boolean placed = targets.stream().allMatch(destination -> destination.site() != null);
        if (role == Role.GATEWAY && !elsewhere && !section.mentions(SITE) && (targets.isEmpty() || !placed)) {
            section.note(SITE, "is missing (expected: " + Scalars.NAME.expected() + ")");
        } else if (elsewhere && section.mentions(SITE)) {
            section.note(SITE, "means nothing beside redirect, as no target is asked");
        }
    }

    private static void noteHttpOnly(Section section, Target.Scheme scheme, HttpSettings http) {
        for (Field<?> field : List.of(HttpSchema.PATH, HttpSchema.METHOD, HttpSchema.HEADER)) {
            if (section.mentions(field) && !section.mentions(HOST)) {
                section.note(field, "goes with host");
            }
        }
        if (!scheme.isHttp() && !http.equals(HttpSettings.DEFAULT)) {
            for (Field<?> field : List.of(
                    HttpSchema.STRIP_PREFIX,
                    HttpSchema.REWRITE_PREFIX,
                    HttpSchema.HEADERS,
                    HttpSchema.MAINTENANCE,
                    HttpSchema.MAX_BODY,
                    HttpSchema.RESPONSE_TIMEOUT)) {
                if (section.mentions(field)) {
                    section.note(field, "is for http:// targets");
                }
            }
        }
    }

    private static void noteEntrance(
            Section section, Target.@Nullable Scheme scheme, boolean anyScheme, ServiceTls tls) {
        boolean through = tls.ends() == ServiceTls.Ends.BACKEND;
        boolean host = section.mentions(HOST);
        boolean listen = section.mentions(LISTEN);
        if (!host && !listen) {
            section.note("neither host nor listen says where visitors reach it (expected: one of them)");
        } else if (host && listen) {
            section.note(LISTEN, "stands beside host (expected: one of them)");
        } else if (listen && section.mentions(TlsSchema.TLS)) {
            section.note(TlsSchema.TLS, "goes with host; a service with listen passes on whatever comes");
        } else if (scheme != null && host && !scheme.isHttp() && !through) {
            section.note(HOST, "goes with an http:// or tls:// target; " + scheme + ":// has no Host, use listen");
        } else if (scheme != null && listen && !anyScheme && (scheme.isHttp() || scheme == Target.Scheme.TLS)) {
            section.note(LISTEN, "goes with a tcp:// or udp:// target; for http:// use host");
        } else if (listen && section.mentions(HttpSchema.REDIRECT)) {
            section.note(HttpSchema.REDIRECT, "goes with host");
        }
    }

    /// What listens for datagrams has a target of datagrams, with as many ports.
    private static void notePorts(Section section, List<Entrance> entrances, List<Destination> targets) {
        if (entrances.isEmpty() || targets.isEmpty()) {
            return;
        }
        Target target = targets.getFirst().target();
        for (int i = 0; i < entrances.size(); i++) {
            Entrance entrance = entrances.get(i);
            for (Entrance earlier : entrances.subList(0, i)) {
                if (earlier.bind().overlaps(entrance.bind()) && earlier.transport() == entrance.transport()) {
                    section.note(LISTEN, entrance.bind() + " overlaps " + earlier.bind());
                }
            }
            if (entrance.transport() != target.transport()) {
                String wanted = entrance.transport() == Transport.UDP ? "a udp://" : "a tcp://";
                section.note(
                        LISTEN,
                        "\"" + entrance.bind() + "/" + entrance.transport() + "\" goes with " + wanted
                                + " target; what listens on both is two services");
            } else {
                targets.forEach(destination -> noteCount(section, entrance.bind(), destination.target()));
            }
        }
    }

    /// Several ports behind one could be meant as all the same or one after the other: it is written out.
    private static void noteCount(Section section, Bind bind, Target target) {
        if (bind.count() != target.count()) {
            int last = target.port() + bind.count() - 1;
            String suggested = last > 65_535
                    ? null
                    : new Target(target.scheme(), target.host(), target.port(), last, target.tls()).toString();
            section.note(
                    TARGET,
                    Echo.quote(target.toString()) + " has " + ports(target.count()) + " where listen has "
                            + bind.count() + " (expected: as many, one behind each)" + Suggestion.phrase(suggested));
        }
    }

    private static String ports(int count) {
        return count == 1 ? "one port" : count + " ports";
    }

    private static void noteTransparent(
            Section section, ClientAddress clientAddress, ServiceTls tls, boolean inTunnel) {
        boolean transparent = clientAddress == ClientAddress.TRANSPARENT;
        if (section.mentions(RETURNS_VIA) && !transparent) {
            section.note(RETURNS_VIA, "goes with client-address: transparent");
        }
        if (transparent && inTunnel) {
            section.note(
                    CLIENT_ADDRESS,
                    "\"transparent\" is for what Culvert gateways send, not for listen: tunnel:… (expected: proxy-v2)");
        }
        if (transparent && tls.ends() == ServiceTls.Ends.SITE) {
            section.note(
                    CLIENT_ADDRESS,
                    "\"transparent\" does not go with tls: site in this version (expected: headers | proxy-v2)");
        }
    }

    private static void noteClientAddress(Section section, Target.Scheme scheme, ClientAddress clientAddress) {
        if (scheme.isHttp() && clientAddress == ClientAddress.NONE) {
            section.note(
                    CLIENT_ADDRESS,
                    "\"none\" is for tcp:// and tls:// (expected: headers | proxy-v1 | proxy-v2 | transparent)");
        } else if (scheme == Target.Scheme.UDP
                && (clientAddress == ClientAddress.HEADERS || clientAddress == ClientAddress.PROXY_V1)) {
            section.note(
                    CLIENT_ADDRESS,
                    "\"" + clientAddress + "\" does not go with udp:// (expected: none | proxy-v2 | transparent)");
        } else if (!scheme.isHttp() && clientAddress == ClientAddress.HEADERS) {
            section.note(
                    CLIENT_ADDRESS, "\"headers\" is for http:// (expected: none | proxy-v1 | proxy-v2 | transparent)");
        }
    }
}
