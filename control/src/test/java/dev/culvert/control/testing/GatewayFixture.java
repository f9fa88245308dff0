package dev.culvert.control.testing;

import dev.culvert.control.Reloader;
import dev.culvert.control.acme.Certificates;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// A gateway with a store and a file, on loopback, whose control plane the test drives.
public final class GatewayFixture implements AutoCloseable {
    public final PrivateKey key = PrivateKey.generate(new SecureRandom());
    public final Store store;
    public final Node node;
    public final Configuration configuration;
    public final Reloader reloader;
    public final Path file;
    public final Certificates certificates;

    private final Loops loops = Loops.forThisMachine();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

    public GatewayFixture(Path folder, String text) throws IOException {
        file = Files.writeString(folder.resolve("gateway.yaml"), text);
        store = new SqliteStore(folder.resolve("store"));
        configuration = new Configuration(Role.GATEWAY, file, false, store);
        Model model = configuration.load().orThrow();
        WireGuardTunnel tunnel = WireGuardTunnel.open(
                loops.tunnel(),
                new WireGuardTunnel.Settings(key, model.tunnel().addresses(), 1420),
                loops.bindUdp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                new JdkCrypto());
        Admission admission = new Admission(Limits.DEFAULT, new BanTable(), 1, System.nanoTime());
        node = new Node(
                new Node.Parts(
                        loops,
                        tunnel,
                        admission,
                        new Events(),
                        workers,
                        scheduler,
                        name -> {
                            throw new IOException(name);
                        },
                        _ -> {}),
                model);
        reloader = new Reloader(node, configuration, scheduler);
        certificates = new Certificates(
                new Certificates.Parts(node.tls(), store, node.events(), workers, scheduler, reloader::isPaused),
                folder);
    }

    @Override
    public void close() {
        certificates.close();
        scheduler.shutdownNow();
        node.close();
        node.tunnel().close();
        loops.close();
        workers.close();
        store.close();
    }
}
