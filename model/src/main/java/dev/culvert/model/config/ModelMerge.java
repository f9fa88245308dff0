package dev.culvert.model.config;

import dev.culvert.model.AllowRule;
import dev.culvert.model.Bind;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.HttpsSettings;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.LogFormat;
import dev.culvert.model.LogLevel;
import dev.culvert.model.Model;
import dev.culvert.model.Observation;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.Surroundings;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.TunnelType;
import dev.culvert.model.config.ConfigParser.Draft;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The merge of all documents into one checked [Model].
///
/// Files come before documents of the store, earlier before later; where two claim one name, host, port, key or
/// address, the first has it. What is wrong in a file prevents the model. What is wrong in the store is left out and
/// becomes a warning: a site that declares nonsense must not stop the gateway.
public final class ModelMerge {
    static final String DEFAULT_NETWORK = "10.77.0.0/24";
    private static final int DEFAULT_HTTP_PORT = 80;
    private static final int DEFAULT_HTTPS_PORT = 443;

    private final Role role;
    private final List<Draft> drafts;
    private final @Nullable Surroundings machine;

    private ModelMerge(Role role, List<Draft> drafts, @Nullable Surroundings machine) {
        this.role = role;
        this.drafts = drafts;
        this.machine = machine;
    }

    /// Reads and merges all documents of a node.
    ///
    /// @return the model with a warning for each thing left out of the store; or all problems of all documents
    public static Parsed<Model> merge(Role role, List<Source> sources) {
        return merge(role, sources, null);
    }

    /// The same, held against the machine that it is for.
    ///
    /// @param machine null where that is not known, or what it has is still to come
    public static Parsed<Model> merge(Role role, List<Source> sources, @Nullable Surroundings machine) {
        List<Draft> drafts = Stream.concat(
                        sources.stream().filter(source -> source.origin().isFile()),
                        sources.stream().filter(source -> !source.origin().isFile()))
                .map(source -> ConfigParser.read(role, source))
                .toList();
        // A broken file is still held against the rest, so that everything is reported at once.
        List<Draft> usable = drafts.stream()
                .filter(draft ->
                        draft.config().origin().isFile() || draft.notes().isEmpty())
                .toList();
        Model model = new ModelMerge(role, usable, machine).model();
        List<Problem> problems = drafts.stream()
                .flatMap(draft -> draft.notes().sorted().stream())
                .toList();
        boolean refused = drafts.stream()
                .anyMatch(draft ->
                        draft.config().origin().isFile() && !draft.notes().isEmpty());
        return refused ? Parsed.problems(problems) : new Parsed.Ok<>(model, problems);
    }

    private Model model() {
        TunnelSettings tunnel = tunnel();
        PeerMerge peers = new PeerMerge(tunnel, isBroken("tunnel.network") || isBroken("tunnel.network6"));
        for (Draft draft : drafts) {
            peers.addSites(draft);
            peers.addGateways(draft, isBroken("tunnel.address"));
        }
        ServiceMerge services = new ServiceMerge(role, tunnel, peers.sites(), this::isBroken);
        boolean tls = role == Role.GATEWAY && hasHttps();
        for (Draft draft : drafts) {
            services.addHttp(draft);
            services.addHttps(draft);
        }
        if (role == Role.GATEWAY && hasHosts() && drafts.stream().noneMatch(draft -> mentions(draft, "http.listen"))) {
            services.addDefault(Listener.Protocol.HTTP, Bind.any(DEFAULT_HTTP_PORT));
        }
        if (tls && hasHosts() && drafts.stream().noneMatch(draft -> mentions(draft, "https.listen"))) {
            services.addDefault(Listener.Protocol.HTTPS, Bind.any(DEFAULT_HTTPS_PORT));
        }
        Boolean http3 = first(config -> config.https().http3());
        services.holdDatagrams(http3 == null ? HttpsSettings.DEFAULT.http3() : http3);
        for (Draft draft : drafts) {
            services.addServices(draft, tls ? ServiceTls.Ends.GATEWAY : ServiceTls.Ends.UNSAID);
        }
        Transparent transparent = new Transparent(role, peers.sites(), machine);
        drafts.forEach(transparent::check);
        ForwardSchema forward = new ForwardSchema(tunnel, peers.sites());
        drafts.forEach(forward::check);
        drafts.forEach(services::addMetrics);
        services.noteLoops();
        String name = first(config -> config.node().name());
        return new Model(
                name == null ? role.toString() : name,
                role,
                tunnel,
                peers.sites(),
                peers.gateways(),
                services.listeners(),
                services.services(),
                peers.rules(
                        allow(services),
                        first(config -> config.rules().clients()),
                        transparent.merged(
                                first(config -> config.rules().transparent()),
                                services.services().values()),
                        first(config -> config.rules().dockerSocket())),
                observation(),
                first(Config::acme),
                https(services),
                ArrivalSchema.merge(
                        first(config -> config.arrivals().limits()),
                        first(config -> config.arrivals().http()),
                        first(config -> config.arrivals().https())));
    }

    /// A gateway serves HTTPS where the file has anything to say about it.
    private boolean hasHttps() {
        return drafts.stream()
                .anyMatch(draft -> mentions(draft, "https")
                        || draft.config().acme() != null
                        || draft.config().services().values().stream()
                                .anyMatch(service -> service.tls().isOn()));
    }

    private HttpsSettings https(ServiceMerge services) {
        Integer hsts = first(config -> config.https().hstsSeconds());
        Boolean redirect = first(config -> config.https().redirect());
        Boolean http3 = first(config -> config.https().http3());
        HttpsSettings.UnknownName unknown = first(config -> config.https().unknownName());
        String fallback = first(config -> config.https().fallbackName());
        if (fallback != null) {
            checkFallback(services, fallback);
        }
        HttpsSettings usual = HttpsSettings.DEFAULT;
        return new HttpsSettings(
                hsts == null ? usual.hstsSeconds() : hsts,
                redirect == null ? usual.redirect() : redirect,
                http3 == null ? usual.http3() : http3,
                unknown == null ? usual.unknownName() : unknown,
                fallback);
    }

    private void checkFallback(ServiceMerge services, String fallback) {
        boolean served = services.services().values().stream()
                .anyMatch(service -> service.tls().isOn() && service.hosts().contains(fallback));
        for (Draft draft : drafts) {
            if (!served && fallback.equals(draft.config().https().fallbackName())) {
                draft.notes().add("https.unknown-name", Echo.quote(fallback) + " is no host of a service with TLS");
            }
        }
    }

    /// Who asks a gateway to publish a target agrees to be reached there.
    private List<AllowRule> allow(ServiceMerge services) {
        List<AllowRule> written = first(config -> config.rules().allow());
        Set<AllowRule> all = new LinkedHashSet<>(written == null ? List.of() : written);
        if (role == Role.SITE) {
            for (Service service : services.services().values()) {
                if (service.scope() == Listener.Scope.PUBLIC) {
                    service.targets().forEach(destination -> all.add(AllowRule.exactly(destination.target())));
                    ForwardAuth auth = service.access().forwardAuth();
                    if (auth != null) {
                        all.add(AllowRule.exactly(auth.destination().target()));
                    }
                }
            }
        }
        return List.copyOf(all);
    }

    private Observation observation() {
        List<IpPrefix> scrapers = first(config -> config.observation().scrapers());
        LogFormat format = first(config -> config.observation().logFormat());
        LogLevel level = first(config -> config.observation().logLevel());
        return new Observation(
                scrapers == null ? List.of() : scrapers,
                format == null ? LogFormat.PLAIN : format,
                level == null ? LogLevel.INFO : level,
                first(config -> config.observation().accessLog()));
    }

    /// A gateway without services by Host opens no port 80, which an ordinary user may not even have.
    private boolean hasHosts() {
        return drafts.stream()
                .anyMatch(draft -> draft.config().services().values().stream()
                        .anyMatch(service -> !service.hosts().isEmpty()));
    }

    private TunnelSettings tunnel() {
        TunnelType type = first(config -> config.tunnel().type());
        Bind listen = first(config -> config.tunnel().listen());
        Integer mtu = first(config -> config.tunnel().mtu());
        List<IpPrefix> networks = new ArrayList<>();
        List<InetAddress> addresses = new ArrayList<>();
        if (role == Role.GATEWAY) {
            IpPrefix network = first(config -> config.tunnel().network());
            IpPrefix network6 = first(config -> config.tunnel().network6());
            networks.add(network == null ? IpPrefix.parse(DEFAULT_NETWORK) : network);
            if (network6 != null) {
                networks.add(network6);
            }
            networks.forEach(prefix -> addresses.add(firstHost(prefix)));
        } else {
            List<InetAddress> own = first(config -> config.tunnel().addresses());
            addresses.addAll(own == null ? List.of() : own);
        }
        int defaultPort = role == Role.GATEWAY ? TunnelSettings.DEFAULT_PORT : 0;
        return new TunnelSettings(
                type == null ? TunnelType.AUTO : type,
                listen == null ? Bind.any(defaultPort) : listen,
                listen != null,
                networks,
                addresses,
                mtu == null ? TunnelSettings.DEFAULT_MTU : mtu,
                first(config -> config.tunnel().privateKeyFile()),
                first(config -> config.node().endpoint()));
    }

    /// A setting counts from the first document that has it: the file before the store.
    private <T> @Nullable T first(Function<Config, @Nullable T> setting) {
        for (Draft draft : drafts) {
            T value = setting.apply(draft.config());
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    /// Whether a file has `path` but nothing usable there, so that complaints about its default would mislead.
    private boolean isBroken(String path) {
        return drafts.stream()
                .anyMatch(draft ->
                        draft.config().origin().isFile() && draft.notes().hasProblemAt(path));
    }

    private static boolean mentions(Draft draft, String path) {
        return draft.config().places().has(path);
    }

    /// The gateway's own address: the network's address plus one.
    static InetAddress firstHost(IpPrefix network) {
        byte[] bytes = network.address().getAddress();
        bytes[bytes.length - 1] |= 1;
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("address of " + bytes.length + " bytes", e);
        }
    }

    static String texts(List<IpPrefix> prefixes) {
        return String.join(" or ", prefixes.stream().map(Literals::format).toList());
    }
}
