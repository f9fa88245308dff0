package dev.culvert.app;

import dev.culvert.dataplane.tunnel.PeerWatch;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says in the foreground when the way to a peer opens or breaks.
final class PeerNews implements Consumer<PeerWatch.State> {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    @Override
    public void accept(PeerWatch.State state) {
        if (state.up()) {
            LOG.atInfo()
                    .addKeyValue("subject", state.name())
                    .addKeyValue("kind", "tunnel.up")
                    .log(
                            "tunnel up: {} (round trip {} ms)",
                            state.name(),
                            "%.1f".formatted(state.roundTripNanos() / 1e6));
        } else {
            LOG.atWarn()
                    .addKeyValue("subject", state.name())
                    .addKeyValue("kind", "tunnel.down")
                    .log("tunnel down: {} (trying again until it is back)", state.name());
        }
    }
}
