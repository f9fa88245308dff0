package dev.culvert.control;

import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Remembers where peers are, at most a second late, so that a gateway that was killed greets its sites at their last
/// places instead of waiting until they call (design, section 6, "Recovery").
public final class PeerMemory {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final String KEY = "memory/peers";

    private final Node node;
    private final Store store;
    private final ScheduledExecutorService scheduler;
    private String written = "";

    public PeerMemory(Node node, Store store, ScheduledExecutorService scheduler) {
        this.node = node;
        this.store = store;
        this.scheduler = scheduler;
    }

    /// Greets the peers of the last run and begins to watch them.
    public void start() {
        Document document = store.read(KEY);
        if (document != null) {
            written = document.text();
            document.text().lines().forEach(this::recall);
        }
        scheduler.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    }

    private void recall(String line) {
        String[] parts = line.split(" ", -1);
        if (parts.length == 3) {
            node.recall(
                    PublicKey.parse(parts[0]),
                    new InetSocketAddress(InetAddress.ofLiteral(parts[1]), Integer.parseInt(parts[2])));
        }
    }

    private void look() {
        node.tunnel().status().addListener(done -> {
            if (done.isSuccess()) {
                @SuppressWarnings("unchecked")
                List<PeerStatus> peers = (List<PeerStatus>) done.getNow();
                scheduler.execute(() -> remember(peers));
            }
        });
    }

    private void remember(List<PeerStatus> peers) {
        StringBuilder text = new StringBuilder();
        for (PeerStatus peer : peers) {
            InetSocketAddress endpoint = peer.endpoint();
            if (endpoint != null && peer.handshakeAgeNanos() >= 0) {
                text.append(peer.publicKey())
                        .append(' ')
                        .append(endpoint.getAddress().getHostAddress())
                        .append(' ')
                        .append(endpoint.getPort())
                        .append('\n');
            }
        }
        if (text.isEmpty() || text.toString().equals(written)) {
            return;
        }
        try {
            Document before = store.read(KEY);
            store.put(KEY, before == null ? 0 : before.version(), text.toString());
            written = text.toString();
        } catch (IOException e) {
            LOG.warn("peers' addresses cannot be remembered: {}", e.getMessage());
        }
    }
}
