package dev.culvert.app;

import dev.culvert.app.log.LogOutput;
import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.OutageMemory;
import dev.culvert.control.PeerMemory;
import dev.culvert.control.Reloader;
import dev.culvert.control.Supervisor;
import dev.culvert.control.TunnelPort;
import dev.culvert.control.acme.Certificates;
import dev.culvert.control.admin.AdminService;
import dev.culvert.control.admin.StatusReport;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.machine.BoundSocket;
import dev.culvert.control.machine.PortHolders;
import dev.culvert.control.observe.Observatory;
import dev.culvert.control.store.KeyFiles;
import dev.culvert.control.store.StateFolder;
import dev.culvert.control.store.Store;
import dev.culvert.control.tls.CertificateFiles;
import dev.culvert.control.upgrade.Handover;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.InheritedSockets;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.dataplane.tunnel.PeerWatch;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running node: every part, made in start order and closed in the opposite one.
public final class Wiring implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final StateFolder state;
    private final Loops loops;
    private final ExecutorService workers;
    private final ScheduledExecutorService scheduler;
    private final TunnelDriver tunnel;
    private final Node node;
    private final Reloader reloader;
    private final StatusReport status;
    private final Observatory observatory;
    private final Certificates certificates;
    private final CertificateFiles certificateFiles;
    private final Handover handover;

    /// What a node is started with.
    ///
    /// @param file the configuration file
    /// @param fileMayAppear whether the file may be missing until somebody writes it
    /// @param endpoint where sites dial this gateway, if not from the file
    public record Options(
            Role role,
            Path file,
            boolean fileMayAppear,
            Path state,
            @Nullable Endpoint endpoint) {}

    /// Starts a node; it serves when this returns.
    ///
    /// @param sockets what the process before this one has given, if there was one
    /// @param ready told when the way to a peer opens or breaks
    /// @throws IOException with the remedy
    @SuppressWarnings("resource") // each part is closed by close(), or by the process's end if the start fails
    static Wiring start(Options options, InheritedSockets sockets, Consumer<PeerWatch.State> ready)
            throws IOException, BrokenConfiguration {
        StateFolder state = new StateFolder(options.state());
        state.lock();
        Store store = state.store();
        Configuration configuration = new Configuration(options.role(), options.file(), options.fileMayAppear(), store);
        Configuration.Start start = switch (configuration.start()) {
            case Parsed.Ok<Configuration.Start>(var found, var warnings) -> {
                LogOutput.apply(found.model().observation());
                warnings.forEach(warning -> LOG.warn("{}", warning));
                yield found;
            }
            case Parsed.Problems<Configuration.Start>(var problems) -> throw new BrokenConfiguration(problems);
        };
        if (!start.problems().isEmpty()) {
            start.problems().forEach(problem -> LOG.error("{}", problem));
            LOG.error("the configuration is broken: running the last good one until it is mended");
        }
        if (options.role() == Role.SITE && start.model().gateways().isEmpty()) {
            state.close();
            throw new NotJoined("this site has no gateway yet: run culvert join with the token that"
                    + " `culvert site add` prints at the gateway, or write gateways: into its file");
        }
        return new Wiring(options, state, store, configuration, start.model(), sockets, ready);
    }

    private Wiring(
            Options options,
            StateFolder state,
            Store store,
            Configuration configuration,
            Model model,
            InheritedSockets sockets,
            Consumer<PeerWatch.State> ready)
            throws IOException {
        this.state = state;
        PrivateKey key = key(state, model.tunnel());
        loops = Loops.forThisMachine(sockets);
        workers = Executors.newVirtualThreadPerTaskExecutor();
        scheduler = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("scheduler").factory());
        TunnelChoice choice = TunnelChoice.open(loops, model.tunnel(), key, new TunnelPort(model.tunnel(), store));
        tunnel = choice.tunnel();
        Admission admission =
                new Admission(Limits.DEFAULT, new BanTable(), new SecureRandom().nextLong(), System.nanoTime());
        PeerUp up = new PeerUp(ready);
        Node.Parts parts = new Node.Parts(
                loops,
                tunnel,
                admission,
                new Events(),
                workers,
                scheduler,
                file -> KeyFiles.readPreshared(Path.of(file)),
                up);
        node = new Node(parts, model.bare());
        node.portHolders(at -> PortHolders.now().holder(BoundSocket.Transport.TCP, at));
        node.secret(key.base64().getBytes(StandardCharsets.US_ASCII));
        status =
                new StatusReport(node, key.publicKey(CryptoProvider.functions()).toString(), choice.io(), choice.why());
        observatory = new Observatory(node, new Observatory.About(Version.TEXT, status.io()), LogOutput::apply);
        certificateFiles = CertificateFiles.of(node, scheduler);
        reloader = new Reloader(node, configuration, scheduler);
        certificates = ControlPlane.certificates(node, state, reloader, workers, scheduler);
        observatory.observe(certificates);
        PeerMemory memory = new PeerMemory(node, store, scheduler);
        memory.restore();
        GatewayEndpoint endpoint = new GatewayEndpoint(node, options.endpoint());
        Diagnosis diagnosis = new Diagnosis(node, configuration, state.path(), endpoint, certificates::views);
        ControlPlane control =
                new ControlPlane(node, store, configuration, reloader, status, certificates, workers, scheduler);
        AdminService admin = switch (options.role()) {
            case GATEWAY -> control.ofGateway(key.publicKey(), model, endpoint);
            case SITE -> control.ofSite(model, up, diagnosis);
        };
        memory.start();
        new OutageMemory(node.events().outages(), store, scheduler).start();
        diagnosis.start(scheduler);
        handover = new Handover(state, node, reloader, memory, diagnosis.before(admin));
        handover.serveAdmin();
        reloader.start();
    }

    private static PrivateKey key(StateFolder state, TunnelSettings tunnel) throws IOException {
        String file = tunnel.privateKeyFile();
        return file == null ? KeyFiles.readOrCreate(state.privateKey()) : KeyFiles.readPrivate(Path.of(file));
    }

    Node node() {
        return node;
    }

    StatusReport status() {
        return status;
    }

    void watchedBy(Supervisor supervisor) {
        supervisor.watch(scheduler, loops.tunnel());
    }

    /// Reads the configuration again, as SIGHUP asks.
    void reload() {
        reloader.reload();
        certificateFiles.refresh();
        observatory.reopen();
    }

    Handover handover() {
        return handover;
    }

    @Override
    public void close() throws IOException {
        handover.close();
        certificates.close();
        scheduler.shutdownNow();
        node.close();
        observatory.close();
        tunnel.close();
        loops.close();
        workers.close();
        state.close();
    }
}
