package dev.culvert.app;

import dev.culvert.control.Supervisor;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.proto.wireguard.PrivateKey;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the AOT cache learns from: a start as a node's, then the demo under load, by [packaging/train-aot] alone.
///
/// Without the command line's library: no cache takes its classes, and what a cache holds of ours that needs them
/// makes every start look for them in every jar.
final class Training {
    /// Seconds of load, 0 for an ordinary run.
    static final int SECONDS = Integer.getInteger("culvert.training", 0);

    private static final Logger LOG = LoggerFactory.getLogger(Training.class);

    private Training() {}

    /// @return the exit code
    static int run() throws Exception {
        HeadStart.begin();
        // What a node's start loads and the demo's does not.
        NodeProcess.plain(List.of("gateway"));
        StateOption.orStandard(null);
        Supervisor.of(Map.of(), 1).ready();
        new PeerNews();
        Capabilities.now().netAdmin();
        PrivateKey.generate(new SecureRandom()).publicKey(CryptoProvider.functions());
        LOG.atInfo().addKeyValue("seconds", SECONDS).log("training");
        return new DemoRun(8080, true, SECONDS).call();
    }
}
