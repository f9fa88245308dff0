package dev.culvert.dataplane.testing;

import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.InheritedSockets;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.PeerWatch;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Bind;
import dev.culvert.model.Limits;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.SiteRules;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// A whole node on loopback, from the text of a configuration. Its listeners have port 0 whatever the text says, and
/// are told apart by their addresses, 127.0.0.1, 127.0.0.2 and so on.
public final class TestNode implements AutoCloseable {
    private static final Limits LIMITS = new Limits(20_000, 20_000, 0, 1);

    private final Role role;
    private final Loops loops;
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final PrivateKey key;
    private final WireGuardTunnel tunnel;
    private final Events events = new Events();
    private final CompletableFuture<PeerWatch.State> peerUp = new CompletableFuture<>();
    private final Node node;

    private TestNode(Role role, PrivateKey key, Model first, InheritedSockets inherited) throws IOException {
        loops = Loops.forThisMachine(inherited);
        this.role = role;
        this.key = key;
        WireGuardTunnel.Settings settings = new WireGuardTunnel.Settings(
                key, first.tunnel().addresses(), first.tunnel().mtu());
        tunnel = WireGuardTunnel.open(
                loops.tunnel(),
                settings,
                loops.bindUdp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                new JdkCrypto());
        Admission admission = new Admission(LIMITS, new BanTable(), 7, System.nanoTime());
        Node.Parts parts = new Node.Parts(
                loops,
                tunnel,
                admission,
                events,
                workers,
                scheduler,
                file -> {
                    throw new IOException("no file " + file);
                },
                state -> {
                    if (state.up()) {
                        peerUp.complete(state);
                    }
                });
        Model empty = new Model(
                first.name(), role, first.tunnel(), Map.of(), Map.of(), List.of(), Map.of(), SiteRules.NOTHING);
        node = new Node(parts, empty);
    }

    public static TestNode start(Role role, PrivateKey key, String yaml) throws IOException {
        Model model = model(role, yaml);
        TestNode started = new TestNode(role, key, model, InheritedSockets.none());
        started.node.apply(model);
        return started;
    }

    public static TestNode start(Model model) throws IOException {
        return start(model, InheritedSockets.none());
    }

    /// A node that takes over sockets of another.
    public static TestNode start(Model model, InheritedSockets inherited) throws IOException {
        TestNode started = new TestNode(model.role(), PrivateKey.generate(new SecureRandom()), model, inherited);
        started.node.apply(model);
        return started;
    }

    public void apply(String yaml) throws IOException {
        node.apply(model(role, yaml));
    }

    /// The same with what a site declares.
    public void apply(String yaml, String site, String declared) throws IOException {
        node.apply(model(role, List.of(Source.file(role + ".yaml", yaml), Source.site(site, declared))));
    }

    /// The model of a text, with port 0 for every listener outside the tunnel.
    public static Model model(Role role, String yaml) {
        return model(role, List.of(Source.file(role + ".yaml", yaml)));
    }

    private static Model model(Role role, List<Source> sources) {
        Model parsed = ModelMerge.merge(role, sources).orThrow();
        List<Listener> listeners =
                parsed.listeners().stream().map(TestNode::onAnyPort).toList();
        return new Model(
                parsed.name(),
                parsed.role(),
                parsed.tunnel(),
                parsed.sites(),
                parsed.gateways(),
                listeners,
                parsed.services(),
                parsed.rules(),
                parsed.observation(),
                parsed.acme(),
                parsed.https(),
                parsed.arrivals());
    }

    private static Listener onAnyPort(Listener listener) {
        boolean inside = listener.scope() == Listener.Scope.TUNNEL;
        return inside
                ? listener
                : new Listener(
                        listener.scope(),
                        new Bind(listener.bind().address(), 0),
                        listener.protocol(),
                        listener.service());
    }

    public Node node() {
        return node;
    }

    public Events events() {
        return events;
    }

    public Loops loops() {
        return loops;
    }

    public PrivateKey key() {
        return key;
    }

    public WireGuardTunnel tunnel() {
        return tunnel;
    }

    /// Done when the way to a peer has opened.
    public CompletableFuture<PeerWatch.State> peerUp() {
        return peerUp;
    }

    /// Where the listener at a loopback address is bound.
    public InetSocketAddress at(String address) {
        InetAddress wanted = InetAddress.ofLiteral(address);
        return node.listening().stream()
                .filter(bound -> bound.getAddress().equals(wanted))
                .findFirst()
                .orElseThrow();
    }

    /// The same of a service of datagrams.
    public InetSocketAddress udpAt(String address) {
        InetAddress wanted = InetAddress.ofLiteral(address);
        return node.listeningUdp().stream()
                .filter(bound -> bound.getAddress().equals(wanted))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
        node.close();
        tunnel.close();
        loops.close();
        workers.close();
    }
}
