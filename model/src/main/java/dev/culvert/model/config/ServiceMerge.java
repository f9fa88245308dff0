package dev.culvert.model.config;

import dev.culvert.model.Bind;
import dev.culvert.model.Destination;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.Forwarding;
import dev.culvert.model.Grants;
import dev.culvert.model.Listener;
import dev.culvert.model.Listener.Protocol;
import dev.culvert.model.Listener.Scope;
import dev.culvert.model.Literals;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls.Ends;
import dev.culvert.model.Site;
import dev.culvert.model.Target;
import dev.culvert.model.Transport;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.config.ConfigParser.Draft;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// The services and listeners of all documents, held against each other and against the sites.
final class ServiceMerge {
    // Ports.HOP to Ports.FLOWS of the data plane.
    private static final Bind HOP = new Bind(null, 4510, 4512);

    private final Role role;
    private final TunnelSettings tunnel;
    private final Map<String, Site> sites;
    private final Predicate<String> broken;
    private final Map<String, Service> services = new LinkedHashMap<>();
    private final List<Listener> listeners = new ArrayList<>();
    private final Claims<String> names = Claims.distinct();
    private final HostClaims hosts = new HostClaims();
    private final Ports outside = new Ports();
    private final Ports inside = new Ports();
    // A site's own sockets in the tunnel and ports of its gateways are different things.
    private final Ports published = new Ports();
    private final List<Local> local = new ArrayList<>();
    private boolean httpSeen;
    private boolean httpsSeen;
    private boolean metricsSeen;

    /// A target on the gateway's own side, and where it stands.
    private record Local(Claims.Place place, Target target) {}

    /// The ports of TCP and those of UDP do not meet.
    private record Ports(Claims<Bind> tcp, Claims<Bind> udp) {
        Ports() {
            this(Claims.clashing(Bind::overlaps), Claims.clashing(Bind::overlaps));
        }

        Claims<Bind> of(Transport transport) {
            return transport == Transport.UDP ? udp : tcp;
        }
    }

    /// @param broken whether a file mentions a path that could not be used
    ServiceMerge(Role role, TunnelSettings tunnel, Map<String, Site> sites, Predicate<String> broken) {
        this.role = role;
        this.tunnel = tunnel;
        this.sites = sites;
        this.broken = broken;
    }

    Map<String, Service> services() {
        return services;
    }

    List<Listener> listeners() {
        return listeners;
    }

    /// Takes `http.listen` from the first document that has it.
    void addHttp(Draft draft) {
        List<Listener> listen = draft.config().httpListen();
        if (listen != null && !httpSeen) {
            httpSeen = true;
            addShared(draft, listen);
        }
    }

    /// Takes `https.listen` from the first document that has it.
    void addHttps(Draft draft) {
        List<Listener> listen = draft.config().https().listen();
        if (listen != null && !httpsSeen) {
            httpsSeen = true;
            addShared(draft, listen);
        }
    }

    private void addShared(Draft draft, List<Listener> listen) {
        for (int i = 0; i < listen.size(); i++) {
            Listener listener = listen.get(i);
            Bind bind = listener.bind();
            Claims.Place place = PeerMerge.place(draft, listener.protocol() + ".listen", i, bind.toString());
            if (binds(listener.scope()).isFree(bind, place)) {
                binds(listener.scope()).hold(bind, place);
                listeners.add(listener);
            }
        }
    }

    void addDefault(Protocol protocol, Bind bind) {
        outside.tcp.hold(bind, protocol + ".listen, whose default is " + bind);
        listeners.add(new Listener(Scope.PUBLIC, bind, protocol, null));
    }

    /// Takes the ports of UDP that the node itself needs: its tunnel's, those beside listeners with TLS, and at a site
    /// the hop's. To be called before [#addServices].
    void holdDatagrams(boolean http3) {
        if (tunnel.listen().port() != 0) {
            outside.udp.hold(tunnel.listen(), "the tunnel (tunnel.listen)");
        }
        for (Listener listener : listeners) {
            if (http3 && listener.protocol() == Protocol.HTTPS && listener.scope() != Scope.TUNNEL) {
                outside.udp.hold(listener.bind(), "HTTP/3 beside https.listen, unless it says http3: false");
            }
        }
        inside.udp.hold(HOP, "the hop of Culvert gateways");
    }

    /// @param ends where the TLS of services ends that say nothing about it
    void addServices(Draft draft, Ends ends) {
        draft.config().services().forEach((name, said) -> {
            Service service = resolved(said, ends);
            String path = "services." + name;
            boolean right = isFree(draft, path, service);
            right &= role == Role.SITE || hasSite(draft, path, service);
            right &= isNotMyself(draft, path, service);
            right &= role == Role.SITE || service.hosts().isEmpty() || hasListener(draft, path, service);
            right &= service.origin().kind() != Origin.Kind.SITE || isGranted(draft, path, service);
            if (right || service.origin().isFile()) {
                hold(draft, path, service);
                services.putIfAbsent(name, service);
                boolean here = role == Role.GATEWAY || service.scope() == Scope.TUNNEL;
                // What the kernel forwards comes to no socket.
                if (here && service.forwarding() == Forwarding.RELAY) {
                    service.listen().forEach(bind -> listeners.add(listener(service, bind)));
                }
            }
        });
    }

    /// Takes `metrics.listen` from the first document that has it. Inside the tunnel and outside it are different
    /// sockets: services of a gateway listen outside, those of a site inside.
    void addMetrics(Draft draft) {
        List<Listener> listen = draft.config().observation().metrics();
        if (listen == null || metricsSeen) {
            return;
        }
        metricsSeen = true;
        for (int i = 0; i < listen.size(); i++) {
            Listener listener = listen.get(i);
            Bind bind = listener.bind();
            Claims.Place place = PeerMerge.place(draft, "metrics.listen", i, bind.toString());
            if (binds(listener.scope()).isFree(bind, place)) {
                listeners.add(listener);
            }
        }
    }

    private static Service resolved(Service said, Ends ends) {
        boolean open = said.tls().ends() == Ends.UNSAID && !said.hosts().isEmpty();
        return open ? said.with(said.tls().at(ends)) : said;
    }

    /// Without a listener the service would be published nowhere, silently.
    private boolean hasListener(Draft draft, String path, Service service) {
        Protocol wanted = service.tls().isOn() ? Protocol.HTTPS : Protocol.HTTP;
        if (broken.test(wanted + ".listen")) {
            return listeners.stream().anyMatch(listener -> listener.protocol() == wanted);
        }
        boolean any = listeners.stream().anyMatch(listener -> listener.protocol() == wanted);
        boolean right = any;
        if (!any) {
            draft.notes().add(path + ".host", "is served nowhere, as " + wanted + ".listen is empty");
        }
        for (Scope scope : any ? service.visible() : Set.<Scope>of()) {
            boolean served = listeners.stream().anyMatch(each -> each.protocol() == wanted && each.scope() == scope);
            if (!served && !(scope == Scope.PUBLIC && service.visible().equals(Service.PUBLICLY))) {
                draft.notes().add(path + ".visible", "\"" + scope + "\" has no listener: " + example(wanted, scope));
                right = false;
            }
        }
        return right;
    }

    private static String example(Protocol protocol, Scope scope) {
        int port = protocol == Protocol.HTTPS ? 443 : 80;
        String entry = scope == Scope.PUBLIC ? Integer.toString(port) : "\"" + scope + ":" + port + "\"";
        return "add " + entry + " to " + protocol + ".listen";
    }

    /// Sockets of the machine and those inside the tunnel do not meet.
    private Claims<Bind> binds(Scope scope) {
        return scope == Scope.TUNNEL ? inside.tcp : outside.tcp;
    }

    private Listener listener(Service service, Bind bind) {
        Protocol protocol = service.transport() == Transport.UDP
                ? Protocol.UDP
                : service.scheme().isHttp() ? Protocol.HTTP : Protocol.TCP;
        return new Listener(service.scope(), bind, protocol, service.name());
    }

    private boolean isFree(Draft draft, String path, Service service) {
        boolean free = names.isFree(service.name(), new Claims.Place(draft, path, "the name"));
        for (int i = 0; i < service.hosts().size(); i++) {
            String host = service.hosts().get(i);
            free &= hosts.isFree(host, service, PeerMerge.place(draft, path + ".host", i, Echo.quote(host)));
        }
        for (int i = 0; i < service.listen().size(); i++) {
            Bind bind = service.listen().get(i);
            free &= binds(service).isFree(bind, PeerMerge.place(draft, path + ".listen", i, bind.toString()));
        }
        return free;
    }

    private Claims<Bind> binds(Service service) {
        Ports ports = service.scope() == Scope.TUNNEL ? inside : role == Role.SITE ? published : outside;
        return ports.of(service.transport());
    }

    private void hold(Draft draft, String path, Service service) {
        names.hold(service.name(), new Claims.Place(draft, path, ""));
        for (int i = 0; i < service.hosts().size(); i++) {
            hosts.hold(service.hosts().get(i), service, PeerMerge.place(draft, path + ".host", i, ""));
        }
        for (int i = 0; i < service.listen().size(); i++) {
            binds(service).hold(service.listen().get(i), PeerMerge.place(draft, path + ".listen", i, ""));
        }
    }

    /// A site publishes what its gateway's operator granted it, and nothing in the name of another.
    private boolean isGranted(Draft draft, String path, Service service) {
        String declarer = service.origin().document();
        Site site = sites.get(declarer);
        Grants grants = site == null ? Grants.NONE : site.grants();
        ForwardAuth auth = service.access().forwardAuth();
        boolean right = service.targets().stream().allMatch(target -> declarer.equals(target.site()))
                && (auth == null || declarer.equals(auth.destination().site()));
        if (!right) {
            draft.notes().add(path + ".site", "is another site than the one that declares it");
        }
        for (int i = 0; i < service.hosts().size(); i++) {
            String host = service.hosts().get(i);
            if (!grants.allowsHost(host)) {
                PeerMerge.place(draft, path + ".host", i, Echo.quote(host))
                        .note("is not granted to site " + declarer + " (at the gateway: culvert site grant " + declarer
                                + " --host " + host + ")");
                right = false;
            }
        }
        for (int i = 0; i < service.listen().size(); i++) {
            Bind bind = service.listen().get(i);
            if (!grants.allowsListen(service.transport(), bind)) {
                String ports =
                        new Bind(null, bind.port(), bind.last()) + (service.transport() == Transport.UDP ? "/udp" : "");
                PeerMerge.place(draft, path + ".listen", i, bind + "/" + service.transport())
                        .note("is not granted to site " + declarer + " (at the gateway: culvert site grant " + declarer
                                + " --port " + ports + ")");
                right = false;
            }
        }
        return right;
    }

    /// Whether the sites of all targets are there, and lead to them.
    private boolean hasSite(Draft draft, String path, Service service) {
        boolean right = true;
        for (int i = 0; i < service.targets().size(); i++) {
            Destination destination = service.targets().get(i);
            Claims.Place target = PeerMerge.place(draft, path + ".target", i, "");
            // Where the target does not name its site, the key site does.
            boolean own = !draft.config().places().has(path + ".site");
            Claims.Place site = own ? target : new Claims.Place(draft, path + ".site", "");
            right &= leadsThere(site, target, destination, broken.test(path + ".target"));
        }
        ForwardAuth auth = service.access().forwardAuth();
        if (auth != null && auth.destination().site() != null) {
            String at = path + ".access.forward-auth.";
            right &= leadsThere(
                    new Claims.Place(draft, at + "site", ""),
                    new Claims.Place(draft, at + "url", ""),
                    auth.destination(),
                    false);
        }
        return right;
    }

    private boolean leadsThere(Claims.Place site, Claims.Place target, Destination destination, boolean targetBroken) {
        String name = destination.site();
        if (name == null || broken.test("sites." + name)) {
            return false;
        }
        if (name.equals(Destination.HERE)) {
            if (!targetBroken) {
                local.add(new Local(target, destination.target()));
            }
            return true;
        }
        Site known = sites.get(name);
        if (known == null) {
            String others = sites.isEmpty()
                    ? "(none is declared; start the gateway without this service, then `culvert site add` makes one)"
                    : "(expected: " + String.join(", ", sites.keySet()) + ")";
            String nearest = Suggestion.phrase(Suggestion.nearest(name, sites.keySet()));
            site.showing(Echo.quote(name)).note("is no site " + others + nearest);
            return false;
        }
        if (targetBroken || PeerMerge.reaches(known, destination.target().host())) {
            return true;
        }
        String where = "(expected: an address within " + PeerMerge.reach(known) + ")";
        target.showing(Echo.quote(destination.target().toString()))
                .note("is not where the plain peer " + name + " leads " + where);
        return false;
    }

    /// RT-09: to be called when all listeners are known. Names are not looked up here, so one can still make a loop,
    /// which ends at the limit of connections.
    void noteLoops() {
        for (Local each : local) {
            InetAddress address = Literals.address(each.target().host());
            boolean ours = address != null && (address.isLoopbackAddress() || address.isAnyLocalAddress());
            boolean taken = listeners.stream()
                    .filter(listener -> listener.scope() != Scope.TUNNEL)
                    .filter(listener -> listener.isUdp() == (each.target().transport() == Transport.UDP))
                    .anyMatch(listener -> overlap(listener.bind(), each.target()));
            if (taken && (ours || each.target().host().equals("localhost"))) {
                each.place().showing(Echo.quote(each.target().toString())).note("is the gateway itself");
            }
        }
    }

    private static boolean overlap(Bind bind, Target target) {
        return bind.port() <= target.last() && target.port() <= bind.last();
    }

    /// RT-09: a service that leads back into the node would be a loop, or a way round its listeners.
    private boolean isNotMyself(Draft draft, String path, Service service) {
        boolean right = true;
        for (int i = 0; i < service.targets().size() && role == Role.GATEWAY; i++) {
            Target target = service.targets().get(i).target();
            InetAddress literal = Literals.address(target.host());
            boolean loop = literal != null && tunnel.addresses().contains(literal);
            if (loop) {
                PeerMerge.place(draft, path + ".target", i, Echo.quote(target.toString()))
                        .note("is the gateway itself");
            }
            right &= !loop;
        }
        return right;
    }
}
