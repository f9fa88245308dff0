package dev.culvert.app;

import dev.culvert.control.upgrade.Predecessor;
import dev.culvert.dataplane.InheritedSockets;
import dev.culvert.dataplane.tunnel.PeerWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// Starts a node: by itself, or in the place of the one that started this process to that end.
final class NodeStart {
    // The longest drain, and what the old process does around it.
    private static final Duration RELEASE = Duration.ofSeconds(75);

    private NodeStart() {}

    static Wiring start(Wiring.Options options, Consumer<PeerWatch.State> ready)
            throws IOException, BrokenConfiguration {
        Predecessor before = Predecessor.find(System.getenv());
        if (before == null) {
            return Wiring.start(options, InheritedSockets.none(), ready);
        }
        try (before) {
            return replace(before, options, ready);
        }
    }

    /// Whatever goes wrong, the old process is told, for it is what the operator asked.
    private static Wiring replace(Predecessor before, Wiring.Options options, Consumer<PeerWatch.State> ready)
            throws IOException, BrokenConfiguration {
        try {
            before.greet(Version.TEXT, options.role());
            Rehearsal.play(options);
            try (InheritedSockets sockets = before.takeOver(RELEASE)) {
                Wiring wiring = Wiring.start(options, sockets, ready);
                before.ready();
                return wiring;
            }
        } catch (BrokenConfiguration e) {
            List<String> problems = e.problems().stream().map(String::valueOf).toList();
            before.refuse("the configuration has mistakes: " + String.join("; ", problems));
            throw e;
        } catch (IOException | RuntimeException e) {
            before.refuse(String.valueOf(e.getMessage()));
            throw e;
        }
    }
}
