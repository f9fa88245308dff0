package dev.culvert.app;

import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.StateFolder;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// What a process that shall take over does while the old one still serves: it reads the configuration, which must be
/// without a mistake, and runs a node of it on loopback, without peers and visitors, for a moment. What could fail
/// has failed before anybody waits, and the classes are loaded when somebody does.
final class Rehearsal {
    private static final Limits LIMITS = new Limits(1, 1, 0, 1);

    private Rehearsal() {}

    /// @throws BrokenConfiguration also where the last good one could run: a person is there to mend it
    static void play(Wiring.Options options) throws IOException, BrokenConfiguration {
        try (StateFolder state = new StateFolder(options.state())) {
            Configuration configuration =
                    new Configuration(options.role(), options.file(), options.fileMayAppear(), state.store());
            switch (configuration.load()) {
                case Parsed.Problems<Model>(var problems) -> throw new BrokenConfiguration(problems);
                case Parsed.Ok<Model>(Model model, var _) -> run(model);
            }
        }
    }

    private static void run(Model model) throws IOException {
        InetSocketAddress nowhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Loops loops = Loops.forThisMachine();
                ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
                ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
                WireGuardTunnel tunnel = WireGuardTunnel.open(
                        loops.tunnel(),
                        new WireGuardTunnel.Settings(
                                PrivateKey.generate(new SecureRandom()),
                                model.tunnel().addresses(),
                                model.tunnel().mtu()),
                        loops.bindUdp(nowhere),
                        CryptoProvider.functions())) {
            Node.Parts parts = new Node.Parts(
                    loops,
                    tunnel,
                    new Admission(LIMITS, new BanTable(), 0, System.nanoTime()),
                    new Events(),
                    workers,
                    scheduler,
                    _ -> {
                        throw new IOException("a rehearsal has no peers");
                    },
                    _ -> {});
            try (Node node = new Node(parts, model.bare())) {
                node.apply(model.bare());
            }
            scheduler.shutdownNow();
        }
    }
}
