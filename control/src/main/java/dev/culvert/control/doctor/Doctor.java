package dev.culvert.control.doctor;

import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.acme.CertificateView;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.link.Publisher.Outcome;
import dev.culvert.control.machine.PublicAddresses;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.model.AllowRule;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Forwarding;
import dev.culvert.model.HostPattern;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.PeerType;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Transport;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.model.decide.Approach;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Walks the way of a visitor hop by hop, as far as this node can see it, and names what is broken and the fix. Blocks;
/// for virtual threads.
public final class Doctor {
    private static final Duration FOR_PEER = Duration.ofMillis(2_200);

    private final Node node;
    private final Configuration configuration;
    private final Path state;
    private final GatewayEndpoint endpoint;
    private final DropHistory drops = new DropHistory();
    private final InstantSource clock = InstantSource.system();
    private volatile Supplier<Map<String, Outcome>> publications = Map::of;
    private volatile Supplier<List<CertificateView>> certificates = List::of;

    /// @param state the state folder
    public Doctor(Node node, Configuration configuration, Path state, GatewayEndpoint endpoint) {
        this.node = node;
        this.configuration = configuration;
        this.state = state;
        this.endpoint = endpoint;
    }

    /// Begins to remember what the tunnel drops, which tells a wrong key from a blocked port.
    public void start(ScheduledExecutorService scheduler) {
        drops.start(node.tunnel(), scheduler);
    }

    /// At a site: what its gateways said of what it publishes.
    public void publications(Supplier<Map<String, Outcome>> outcomes) {
        publications = outcomes;
    }

    /// What the names are served with whose TLS ends here.
    public void certificates(Supplier<List<CertificateView>> views) {
        certificates = views;
    }

    /// What this node tells the other end of a tunnel, in a time that the other end's doctor has.
    public List<Finding> findingsForPeer() {
        return Examination.of(checks(""), FOR_PEER, _ -> {});
    }

    /// Everything that this node finds.
    ///
    /// @param scope a service's name, how a visitor comes to it, or empty for everything
    /// @throws IllegalArgumentException if nothing here has this name
    public List<Finding> findings(String scope) {
        return Examination.of(checks(scope), _ -> {});
    }

    /// What no check of this node can see, and who can.
    public String view() {
        return switch (node.model().role()) {
            case GATEWAY ->
                "Seen from the gateway. Not from here: a provider's firewall in front of it (ask from outside), and why a"
                        + " target at home refuses (culvert doctor at the site).";
            case SITE ->
                "Seen from the site. Not from here: DNS, public ports and routes (culvert doctor at the gateway).";
        };
    }

    /// The checks in the order of the way.
    public List<Check> checks(String scope) {
        Model model = node.model();
        return switch (model.role()) {
            case GATEWAY -> atGateway(model, services(model, scope));
            case SITE -> atSite(model, scope);
        };
    }

    private static List<Service> services(Model model, String scope) {
        if (scope.isEmpty()) {
            return List.copyOf(model.services().values());
        }
        Service named = model.services().get(scope);
        List<Service> found = named != null
                ? List.of(named)
                : model.services().values().stream()
                        .filter(service -> leadsTo(service, Approach.parse(scope)))
                        .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no service " + scope + "; there are: "
                    + String.join(", ", model.services().keySet()));
        }
        return found;
    }

    private static boolean leadsTo(Service service, Approach approach) {
        String host = approach.host();
        return (host != null && service.hosts().stream().anyMatch(pattern -> new HostPattern(pattern).matches(host)))
                || service.listen().stream().anyMatch(bind -> bind.hasPort(approach.port()));
    }

    private List<Check> atGateway(Model model, List<Service> services) {
        int bound = node.tunnel().localAddress().getPort();
        Set<InetAddress> own = PublicAddresses.own();
        Set<InetAddress> gateway = publicAddresses(own);
        List<Check> checks = ofThisMachine(model);
        checks.add(new EndpointCheck(endpoint::known, own, bound));
        services.stream()
                .flatMap(service -> service.hosts().stream())
                .filter(host -> !host.startsWith("*."))
                .distinct()
                .forEach(host -> checks.add(new HostNameCheck(host, gateway)));
        Set<Integer> ports = new LinkedHashSet<>();
        for (Listener listener : model.listeners()) {
            boolean wanted = services.stream().anyMatch(service -> isBehind(service, listener));
            if (wanted && !listener.isUdp() && ports.add(listener.bind().port())) {
                checks.add(new PublicPortCheck(listener.bind(), gateway));
            }
        }
        services.stream()
                .filter(service -> service.forwarding() == Forwarding.KERNEL)
                .forEach(service -> checks.add(new ForwardCheck(node, service)));
        addCertificates(checks, services);
        services.stream()
                .filter(RouteCheck::canAsk)
                .forEach(service -> checks.add(new RouteCheck(service, node::explain)));
        boolean everySite = services.size() == model.services().size();
        model.sites().forEach((name, site) -> {
            if (everySite
                    || services.stream().anyMatch(service -> service.sites().contains(name))) {
                addPeer(checks, name, site.peer(), model);
                if (everySite && site.type() == PeerType.CULVERT && site.peer().publicKey() != null) {
                    InetAddress address = site.peer().addresses().getFirst();
                    checks.add(new FarEndCheck(new TunnelClient(node.tunnel()), name, address));
                }
            }
        });
        // What a target of datagrams would answer to, only its visitors know.
        services.stream()
                .filter(service -> service.transport() == Transport.TCP)
                .forEach(service -> service.targets()
                        .forEach(target -> checks.add(new ServiceCheck(node, service.name(), target))));
        return checks;
    }

    private void addCertificates(List<Check> checks, List<Service> services) {
        for (CertificateView view : certificates.get()) {
            if (services.stream().anyMatch(service -> service.hosts().contains(view.name()))) {
                checks.add(new CertificateCheck(view, clock));
            }
        }
    }

    private static boolean isBehind(Service service, Listener listener) {
        return listener.service() == null
                ? !service.hosts().isEmpty()
                : service.name().equals(listener.service());
    }

    private List<Check> ofThisMachine(Model model) {
        List<Check> checks = new ArrayList<>();
        checks.add(new ConfigurationCheck(configuration::load, model));
        checks.add(new StateCheck(state));
        checks.add(new ClockCheck(clock));
        checks.add(
                new TunnelPortCheck(model.tunnel(), node.tunnel().localAddress().getPort()));
        if (model.role() == Role.GATEWAY) {
            checks.add(new ListenersCheck(configuration::load, model));
        }
        return checks;
    }

    private void addPeer(List<Check> checks, String name, WireGuardPeer peer, Model model) {
        checks.add(new HandshakeCheck(node, name, peer, drops));
        if (peer.publicKey() != null) {
            InetAddress address = peer.addresses().getFirst();
            checks.add(
                    new EchoCheck(node.tunnel(), name, address, model.tunnel().mtu()));
            checks.add(new PeerClockCheck(new TunnelClient(node.tunnel()), name, address, clock));
        }
    }

    private Set<InetAddress> publicAddresses(Set<InetAddress> own) {
        Set<InetAddress> all = new LinkedHashSet<>(PublicAddresses.global(own));
        Endpoint known = endpoint.known();
        if (known != null) {
            try {
                Stream.of(InetAddress.getAllByName(known.host()))
                        .filter(PublicAddresses::isGlobal)
                        .forEach(all::add);
            } catch (UnknownHostException e) {
                // EndpointCheck says so.
            }
        }
        return all;
    }

    private List<Check> atSite(Model model, String scope) {
        List<Check> checks = ofThisMachine(model);
        model.gateways().forEach((name, gateway) -> addPeer(checks, name, gateway.peer(), model));
        if (scope.isEmpty()) {
            model.published().forEach(service -> checks.add(new PublicationCheck(service.name(), publications)));
        }
        addCertificates(checks, List.copyOf(model.services().values()));
        checks.add(new AllowListCheck(model.rules()));
        Set<InetAddress> own = PublicAddresses.own();
        targets(model, scope)
                .forEach((host, ports) -> ports.forEach(port -> checks.add(new TargetCheck(node, host, port, own))));
        return checks;
    }

    /// Lines of the `allow:` list that name one target; ranges and networks are not searched through.
    private static Map<String, Set<Integer>> targets(Model model, String scope) {
        Map<String, Set<Integer>> targets = new LinkedHashMap<>();
        if (!scope.isEmpty()) {
            Approach approach = Approach.parse(scope);
            String host = approach.host();
            if (host == null || approach.port() == 0) {
                throw new IllegalArgumentException(scope + " (expected at a site: a target such as 192.168.1.20:8096)");
            }
            targets.put(host, Set.of(approach.port()));
            return targets;
        }
        for (AllowRule rule : model.rules().allow()) {
            String host = switch (rule) {
                case AllowRule.Name name -> name.host();
                case AllowRule.Addresses addresses -> single(addresses);
            };
            if (!host.isEmpty() && rule.transport() == Transport.TCP && rule.firstPort() == rule.lastPort()) {
                targets.computeIfAbsent(host, _ -> new LinkedHashSet<>()).add(rule.firstPort());
            }
        }
        return targets;
    }

    private static String single(AllowRule.Addresses addresses) {
        InetAddress address = addresses.prefix().address();
        return addresses.prefix().length() == address.getAddress().length * 8 ? Literals.format(address) : "";
    }
}
