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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Remembers where peers are, so that a gateway that was killed greets its sites at their last places instead of
/// waiting until they call (design, section 6, "Recovery"). A plain peer calls again after 15 s at the earliest, so
/// news is written at once; only a stream of it, as from peers that roam all the time, waits up to a second.
public final class PeerMemory {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final String KEY = "memory/peers";

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Node node;
    private final Store store;
    private final ScheduledExecutorService scheduler;
    private final AtomicBoolean lookDue = new AtomicBoolean();
    private volatile long lastLook = System.nanoTime() - INTERVAL_NANOS;
    private String written = "";
    private boolean failing;

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
        node.tunnel().onPeerNews(this::news);
        news();
    }

    /// From the tunnel's loop.
    private void news() {
        if (lookDue.compareAndSet(false, true)) {
            long wait = Math.max(0, lastLook + INTERVAL_NANOS - System.nanoTime());
            scheduler.schedule(this::look, wait, TimeUnit.NANOSECONDS);
        }
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
        lastLook = System.nanoTime();
        lookDue.set(false);
        node.tunnel().status().addListener(done -> {
            if (done.isSuccess()) {
                @SuppressWarnings("unchecked")
                List<PeerStatus> peers = (List<PeerStatus>) done.getNow();
                scheduler.execute(() -> remember(peers));
            }
        });
    }

    /// Writes what is known now, before another process reads it. Blocks.
    ///
    /// @throws IOException if the tunnel does not answer
    public void rememberNow() throws IOException {
        try {
            remember(node.tunnel().status().get(2, TimeUnit.SECONDS));
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the tunnel does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private synchronized void remember(List<PeerStatus> peers) {
        StringBuilder text = new StringBuilder();
        for (PeerStatus peer : peers) {
            InetSocketAddress endpoint = peer.endpoint();
            // Who has not called since the start is still where it was last time.
            if (endpoint != null && (peer.handshakeAgeNanos() >= 0 || written.contains(peer.publicKey() + " "))) {
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
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn("peers' addresses cannot be remembered, trying on: {}", e.getMessage());
            }
            failing = true;
            news();
        }
    }
}
