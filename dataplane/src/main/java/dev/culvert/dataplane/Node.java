package dev.culvert.dataplane;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.culvert.dataplane.ConnectionRegistry.ServiceTraffic;
import dev.culvert.dataplane.access.BasicAuth;
import dev.culvert.dataplane.hop.DatagramHopServer;
import dev.culvert.dataplane.hop.HopServer;
import dev.culvert.dataplane.internal.InternalEndpoint;
import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.PeerCaller;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.InternalService.ScrapeCaller;
import dev.culvert.dataplane.os.ForwardTraffic;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.dataplane.tls.Tls;
import dev.culvert.dataplane.tls.TlsContexts.Declaration;
import dev.culvert.dataplane.tls.TlsPolicy;
import dev.culvert.dataplane.tunnel.PeerWatch;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.model.Bind;
import dev.culvert.model.Destination;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.PeerType;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Surroundings;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.Approach;
import dev.culvert.model.decide.Explainer;
import dev.culvert.model.decide.Explanation;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.TargetState;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PublicKey;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The one program: a gateway and a site are configurations of it.
///
/// [#apply] is the reconciler: acquire what the next model needs (may fail, then nothing has changed), swap the
/// runtime,
/// release what it no longer needs. No connection is cut but those whose permit the new model takes back.
public final class Node implements AutoCloseable {
    // A session is resumed for a day at most, by the key of now or the one before.
    private static final int TICKET_HOURS = 12;

    private final Loops loops;
    private final TunnelDriver tunnel;
    private final Events events;
    private final Admission admission;
    private final ConnectionRegistry connections;
    private final TargetDialer targets;
    private final Dialer dialer;
    private final Listeners listeners;
    private final Peers peers;
    private final ExecutorService workers;
    private final OwnAddresses own;
    private final Drain drain;
    private final ReturnPath returnPath;
    private final KernelForwarding forwarding;
    private final Tls tls = Tls.empty();
    private final BasicAuth passwords;
    private volatile RunningModel runtime;
    private volatile byte[] secret = randomBytes();
    private volatile InternalService metrics = _ -> Response.error(404, "no metrics here");
    private volatile Consumer<Model> applied = _ -> {};
    private Certificates certificates = Node::withoutFiles;
    private @Nullable Channel hop;
    private @Nullable Control control;
    private boolean controlOpen;
    private boolean serving;

    /// What a node is made of; it does not close any of them.
    ///
    /// @param workers runs what may block: virtual threads
    /// @param presharedKeys reads a preshared key file
    /// @param onPeerState told when the way to a peer opens or breaks
    public record Parts(
            Loops loops,
            TunnelDriver tunnel,
            Admission admission,
            Events events,
            ExecutorService workers,
            ScheduledExecutorService scheduler,
            PresharedKeyFiles presharedKeys,
            Consumer<PeerWatch.State> onPeerState) {}

    /// Reads the file with a peer's preshared key.
    @FunctionalInterface
    public interface PresharedKeyFiles {
        PresharedKey read(String file) throws IOException;
    }

    /// @param empty a model of this node without listeners, services and peers, to start from
    public Node(Parts parts, Model empty) {
        this.loops = parts.loops();
        this.tunnel = parts.tunnel();
        this.events = parts.events();
        this.admission = parts.admission();
        this.workers = parts.workers();
        this.own = new OwnAddresses(parts.scheduler());
        this.passwords = new BasicAuth(events);
        this.runtime = RunningModel.of(empty, passwords);
        this.connections = new ConnectionRegistry(admission::release, loops.splices());
        this.targets = new TargetDialer(loops.connections(), loops.transparentConnections(), workers);
        this.dialer = new Dialer(tunnel, targets);
        Doorway doorway = new Doorway(() -> runtime, admission, dialer, connections, events, tls, own::now);
        this.listeners = new Listeners(loops, tunnel, doorway, this::scraped, workers);
        new HealthChecks(() -> runtime, dialer, () -> tunnel.group().next(), events).start(parts.scheduler());
        this.returnPath = new ReturnPath(loops.kind().equals("epoll"), parts.scheduler());
        this.forwarding = new KernelForwarding(
                loops.kind().equals("epoll"),
                tunnel,
                empty.tunnel().addresses(),
                () -> admission.bans(System.nanoTime()));
        parts.scheduler().scheduleWithFixedDelay(forwarding::keep, 1, 1, SECONDS);
        this.drain = new Drain(loops, tunnel, udp(empty), listeners, connections, returnPath);
        parts.scheduler().scheduleWithFixedDelay(tls.contexts()::rotateTicketKeys, TICKET_HOURS, TICKET_HOURS, HOURS);
        // Until the first model holds, who dials from inside shall try again instead of being refused.
        tunnel.acceptNew(false);
        PeerWatch.Parts watching =
                new PeerWatch.Parts(tunnel, parts.scheduler(), workers, parts.onPeerState(), events.outages());
        this.peers = new Peers(tunnel, parts.presharedKeys()::read, watching);
        // Guests reach the control port, and there the enrolment.
        listeners.keepOut(address -> {
            Peers.Identity peer = peers.at(address);
            return peer != null && peer.guest();
        });
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    /// Where the tunnel listens in truth: the port may be the next free one. A site's any port stays any port.
    private Bind udp(Model model) {
        Bind listen = model.tunnel().listen();
        return listen.port() == 0
                ? listen
                : new Bind(listen.address(), tunnel.localAddress().getPort());
    }

    public Model model() {
        return runtime.model();
    }

    public ConnectionRegistry connections() {
        return connections;
    }

    /// What names are served with, and what certificate authorities ask for: the control plane's to feed.
    public Tls tls() {
        return tls;
    }

    public TunnelDriver tunnel() {
        return tunnel;
    }

    public Events events() {
        return events;
    }

    /// How this node lets go of its visitors, and gives its sockets away. Not while [#apply] runs.
    public Drain drain() {
        return drain;
    }

    /// What each name is declared with whose TLS ends here; reads files.
    @FunctionalInterface
    public interface Certificates {
        Map<String, Declaration> of(Model model);
    }

    private static Map<String, Declaration> withoutFiles(Model model) {
        Map<String, Declaration> names = new LinkedHashMap<>();
        model.terminated()
                .forEach((host, service) -> names.put(host, new Declaration(TlsPolicy.open(service.name()), null)));
        return names;
    }

    /// Who knows the files of certificates. To be set before the first model.
    public synchronized void certificates(Certificates source) {
        certificates = source;
    }

    /// Asks again for certificates and policies of the model that holds: a file has changed.
    ///
    /// @throws IOException if one cannot be used; what held before holds on
    public synchronized void refreshCertificates() throws IOException {
        tls.contexts().declare(certificates.of(runtime.model()));
    }

    /// What would happen to a visitor from `from`; nothing is counted.
    public Explanation explain(Approach approach, InetAddress from) {
        RunningModel now = runtime;
        return new Explainer(now.model(), now.router(), admission, own.now())
                .explain(approach, from, System.nanoTime());
    }

    /// What every service has carried, by this process and by the kernel, by name.
    ///
    /// @param forwarded what [#forwarded] says
    public Map<String, ServiceTraffic> traffic(Map<String, ForwardTraffic> forwarded) {
        Map<String, ServiceTraffic> traffic = connections.traffic();
        forwarded.forEach((service, sum) -> traffic.merge(
                service,
                new ServiceTraffic(0, sum.connections(), sum.receivedBytes(), sum.sentBytes(), false),
                ServiceTraffic::plus));
        return traffic;
    }

    /// What the kernel has forwarded, by the name of the service; those that it forwards now, and no others.
    public Map<String, ForwardTraffic> forwarded() {
        return forwarding.traffic();
    }

    /// Dials a service's target as for visitors, and closes at once.
    ///
    /// @return the nanoseconds that it took; a failure is a [DialException], which names the broken hop
    public Future<Long> probe(Destination destination) {
        String site = destination.site();
        return dialer.probe(
                destination.target(),
                site == null ? null : runtime.model().sites().get(site));
    }

    /// At a site: dials a target as a gateway would have it dialled, by the home's own rules, and closes at once.
    public Future<Long> probeTarget(String host, int port) {
        EventLoop loop = tunnel.group().next();
        SiteRules rules = runtime.model().rules();
        return Dialer.timed(targets.dial(host, port, address -> rules.mayDial(host, port, address), loop), loop);
    }

    /// Where the listeners of the model are bound in truth, which with port 0 no model tells.
    public synchronized List<InetSocketAddress> listening() {
        return listeners.addresses();
    }

    /// Who knows which process holds a TCP port of this machine: for whom wonders why one cannot be opened.
    public void portHolders(IntFunction<@Nullable String> source) {
        listeners.holders(source);
    }

    /// Makes `next` what holds. Not to be called from an event loop.
    ///
    /// @throws IOException with the remedy, if a socket or key file is not to be had; the old model holds on then
    public synchronized void apply(Model next) throws IOException {
        ServiceFiles files = ServiceFiles.read(next, passwords);
        listeners.acquire(next.listeners());
        try {
            returnPath.acquire(next);
            listeners.prepare(next);
            tls.contexts().declare(certificates.of(next));
            peers.apply(next);
            openHop(next);
            openControl(next);
            forwarding.acquire(next, listeners::requireFree);
        } catch (IOException e) {
            listeners.release(runtime.model());
            returnPath.release(runtime.model());
            forwarding.release(runtime.model());
            throw e;
        }
        SiteRules before = runtime.model().rules();
        runtime = runtime.next(next, files, this::secretly);
        admission.limits(next.arrivals().limits());
        listeners.release(next);
        if (!serving) {
            serving = true;
            tunnel.acceptNew(true);
        }
        revoke(before);
        returnPath.release(next);
        forwarding.release(next);
        applied.accept(next);
    }

    /// A keyed hash for cookies: strangers learn nothing of a target from it.
    private String secretly(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            byte[] hash = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, 12));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256 is part of every JDK", e);
        }
    }

    /// What is known of the targets of a service.
    public List<TargetState> targets(Service service) {
        return runtime.targets().of(service).targets();
    }

    /// The key of what visitors keep for this node, so that it outlives the process; to be set before the first model.
    public void secret(byte[] key) {
        secret = key.clone();
    }

    /// Cuts what the new model no longer permits; what it only no longer offers goes on until it ends.
    private void revoke(SiteRules before) {
        RunningModel now = runtime;
        connections.closeUnless(permit -> {
            Routed routed = current(now, permit);
            return routed == null || admission.stillAllows(permit, routed, System.nanoTime());
        });
        SiteRules rules = now.model().rules();
        connections.closeHopsUnless(
                target -> rules.allows(target) && (rules.mayShowVisitor(target) || !before.mayShowVisitor(target)));
    }

    private static @Nullable Routed current(RunningModel now, Permit permit) {
        String name = permit.service().name();
        Service service = now.model().services().get(name);
        String host = service == null || service.hosts().isEmpty()
                ? ""
                : service.hosts().getFirst();
        for (Listener listener : now.model().listeners()) {
            for (Routed routed : now.router().routes(listener, host.replaceFirst("^\\*", "x"))) {
                if (routed.service().name().equals(name)) {
                    return routed;
                }
            }
        }
        return null;
    }

    /// A site with a Culvert gateway listens for the hop; nobody but its gateways is heard there.
    private void openHop(Model next) throws IOException {
        if (next.role() == Role.SITE && hasCulvertGateway(next) && hop == null) {
            openDatagramHop();
            hop = listenInside(Ports.HOP, new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(Relay.HANDSHAKE, new HopServer(new HopSite()));
                }
            });
        }
    }

    private void openDatagramHop() throws IOException {
        DatagramPorts inside = tunnel.datagrams();
        if (inside == null) {
            return;
        }
        EventLoop loop = loops.tunnel();
        DatagramHopServer.Parts parts =
                new DatagramHopServer.Parts(loops, inside, workers, loop, new SecureRandom().nextLong());
        Future<DatagramHopServer> opened =
                loop.submit(() -> new DatagramHopServer(new HopSite(), parts)).awaitUninterruptibly();
        if (!opened.isSuccess()) {
            throw new IOException(opened.cause().getMessage(), opened.cause());
        }
    }

    /// Who answers on the control channel inside the tunnel, which is open as long as a Culvert node may be at its
    /// other end. To be set before the first model.
    ///
    /// @param toPeers what Culvert peers reach
    /// @param toGuests what guests reach; nothing else is served to them
    public synchronized void serveControl(InternalService toPeers, InternalService toGuests) {
        control = new Control(toPeers, toGuests);
    }

    private record Control(InternalService toPeers, InternalService toGuests) {}

    /// Under a stock hub there is nobody to talk to, and no port.
    private void openControl(Model next) throws IOException {
        Control services = control;
        if (services == null || controlOpen || !(next.role() == Role.GATEWAY || hasCulvertGateway(next))) {
            return;
        }
        listenInside(Ports.CONTROL, new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                Peers.Identity peer = peers.at(((InetSocketAddress) channel.remoteAddress()).getAddress());
                if (peer == null || !(peer.guest() || isCulvert(peer.name()))) {
                    events.count("control.stranger");
                    channel.close();
                    return;
                }
                InternalService service = peer.guest() ? services.toGuests() : services.toPeers();
                PeerCaller caller = new PeerCaller(peer.name(), peer.key());
                InternalEndpoint.install(channel, service, _ -> caller, workers);
            }
        });
        controlOpen = true;
    }

    private static boolean hasCulvertGateway(Model model) {
        return model.gateways().values().stream().anyMatch(gateway -> gateway.type() == PeerType.CULVERT);
    }

    private boolean isCulvert(String name) {
        Model model = runtime.model();
        Site site = model.sites().get(name);
        GatewayPeer gateway = model.gateways().get(name);
        return (site != null && site.type() == PeerType.CULVERT)
                || (gateway != null && gateway.type() == PeerType.CULVERT);
    }

    /// Serves the admin socket. The path's folder decides who may open it.
    ///
    /// @return closes the socket and removes its file; requests under way are still answered
    public AutoCloseable serveAdmin(Path socket, InternalService service) throws IOException {
        Channel admin = bound(new ServerBootstrap()
                .group(loops.tunnel(), loops.visitors())
                .channelFactory(loops.unixListeners())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        InternalEndpoint.install(channel, service, _ -> new AdminCaller(), workers);
                    }
                })
                .bind(loops.unixAddress(socket)));
        return () -> admin.close().syncUninterruptibly();
    }

    /// Who answers at the model's metrics listeners.
    public void serveMetrics(InternalService service) {
        metrics = service;
    }

    /// Who else is told of every model once it holds; called while no other can be applied.
    public void onApplied(Consumer<Model> listener) {
        applied = applied.andThen(listener);
    }

    /// A connection at a metrics listener. Who is not on the list is closed without a word, guests always.
    private void scraped(Channel channel) {
        InetAddress from = ((InetSocketAddress) channel.remoteAddress()).getAddress();
        List<IpPrefix> scrapers = runtime.model().observation().scrapers();
        Peers.Identity peer = peers.at(from);
        boolean listed = scrapers.isEmpty() || scrapers.stream().anyMatch(prefix -> prefix.contains(from));
        if (listed && (peer == null || !peer.guest())) {
            InternalEndpoint.install(channel, metrics, _ -> new ScrapeCaller(from), workers);
        } else {
            events.count("metrics.stranger");
            channel.close();
        }
    }

    private Channel listenInside(int port, ChannelHandler children) throws IOException {
        return bound(new ServerBootstrap()
                .group(loops.tunnel(), tunnel.group())
                .channelFactory(tunnel.listeners())
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(children)
                .bind(new InetSocketAddress(port)));
    }

    private static Channel bound(ChannelFuture binding) throws IOException {
        binding.awaitUninterruptibly();
        if (!binding.isSuccess()) {
            throw new IOException(binding.cause().getMessage(), binding.cause());
        }
        return binding.channel();
    }

    /// Where the ports of services of datagrams are bound in truth.
    public synchronized List<InetSocketAddress> listeningUdp() {
        return listeners.udpAddresses();
    }

    public void putGuest(PeerConfig config, InetAddress address) {
        peers.putGuest(config, address);
    }

    public void removeGuest(PublicKey key) {
        peers.removeGuest(key);
    }

    /// Greets a peer where it was last heard of, before this process started.
    public void recall(PublicKey key, InetSocketAddress endpoint) {
        peers.recall(key, endpoint);
    }

    /// The name of the peer that has an address inside the tunnel.
    public @Nullable String peerAt(InetAddress address) {
        Peers.Identity peer = peers.at(address);
        return peer == null ? null : peer.name();
    }

    @Override
    public synchronized void close() {
        listeners.closeAll();
        // Targets learn of the end as long as their answers come here.
        connections.resetHops();
        returnPath.close();
        forwarding.close();
        peers.close();
        passwords.close();
    }

    private final class HopSite implements HopServer.Site {
        @Override
        public @Nullable String gateway(InetAddress address) {
            Peers.Identity peer = peers.at(address);
            GatewayPeer gateway =
                    peer == null ? null : runtime.model().gateways().get(peer.name());
            return gateway != null && gateway.type() == PeerType.CULVERT ? gateway.name() : null;
        }

        @Override
        public SiteRules rules() {
            return runtime.model().rules();
        }

        @Override
        public Surroundings surroundings() {
            return own.surroundings();
        }

        @Override
        public boolean hearsAnswersToVisitors() {
            return returnPath.isOpen();
        }

        @Override
        public TargetDialer targets() {
            return targets;
        }

        @Override
        public void terminate(Channel channel, Dialer.Visitor visitor) {
            listeners.terminate(channel, visitor);
        }

        @Override
        public ConnectionRegistry connections() {
            return connections;
        }

        @Override
        public Events events() {
            return events;
        }
    }
}
