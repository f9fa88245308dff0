package dev.culvert.app;

import dev.culvert.control.Supervisor;
import java.util.List;
import java.util.Map;

/// What the AOT cache learns from: a start as a node's, then the demo under load, by [packaging/train-aot] alone.
///
/// Without the command line's library: no cache takes its classes, and what a cache holds of ours that needs them
/// makes every start look for them in every jar.
final class Training {
    /// Seconds of load, 0 for an ordinary run.
    static final int SECONDS = Integer.getInteger("culvert.training", 0);

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
        return new DemoRun(8080, true, SECONDS).call();
    }
}
