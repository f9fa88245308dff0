package dev.culvert.app;

import dev.culvert.dataplane.tunnel.PeerWatch;
import java.util.function.Consumer;

/// Says in the foreground when the way to a peer opens or breaks.
final class PeerNews implements Consumer<PeerWatch.State> {
    @Override
    public void accept(PeerWatch.State state) {
        if (state.up()) {
            System.err.printf("tunnel up: %s (round trip %.1f ms)%n", state.name(), state.roundTripNanos() / 1e6);
        } else {
            System.err.printf("tunnel down: %s (trying again until it is back)%n", state.name());
        }
    }
}
