package dev.culvert.app;

import dev.culvert.dataplane.tunnel.PeerWatch;
import java.util.function.Consumer;

/// Passes the news of peers on, and does something more when the way to one opens.
final class PeerUp implements Consumer<PeerWatch.State> {
    private final Consumer<PeerWatch.State> next;
    private volatile Runnable task = () -> {};

    PeerUp(Consumer<PeerWatch.State> next) {
        this.next = next;
    }

    /// @param task does not block
    void then(Runnable task) {
        this.task = task;
    }

    @Override
    public void accept(PeerWatch.State state) {
        next.accept(state);
        if (state.up()) {
            task.run();
        }
    }
}
