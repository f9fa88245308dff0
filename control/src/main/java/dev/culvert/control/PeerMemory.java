package dev.culvert.control;

import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Change;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.dataplane.tunnel.TunnelClock;
import dev.culvert.proto.wireguard.PublicKey;
import dev.culvert.proto.wireguard.Timestamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Remembers peers across restarts (design, section 6, "Recovery").
///
/// Where they are: a gateway that was killed greets its sites at their last places instead of waiting until they call.
/// A plain peer calls again after 15 s at the earliest, so news is written at once; only a stream of it, as from peers
/// that roam all the time, waits up to a second. And the timestamps of handshakes: an initiation that somebody has
/// captured is refused after a restart too, and a node whose clock went back is still heard, for it begins behind the
/// mark that it had written ahead.
public final class PeerMemory {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    // On average a look a second, and so many at once: one peer's news shall not wait for what another's brought.
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int BURST = 8;

    /// Where versions before kept the places of all peers: key, address and port on a line.
    private static final String EARLIER = "memory/peers";

    /// Peers that the configuration no longer has are remembered as long as there are not more than this: one that is
    /// commented out for a day shall not be open to replays afterwards.
    private static final int MAX_DOCUMENTS = 1_024;

    private final Node node;
    private final Store store;
    private final ScheduledExecutorService scheduler;
    private final TunnelClock clock = new TunnelClock();
    private final AtomicBoolean lookDue = new AtomicBoolean();
    private final Map<PublicKey, Known> known = new HashMap<>();
    private volatile long nextLook = System.nanoTime();
    private boolean failing;

    /// @param version of the document, 0 if there is none
    private record Known(RememberedPeer peer, long version) {
        static final Known NOTHING = new Known(RememberedPeer.NOTHING, 0);
    }

    public PeerMemory(Node node, Store store, ScheduledExecutorService scheduler) {
        this.node = node;
        this.store = store;
        this.scheduler = scheduler;
    }

    /// Hands the timestamps of the last run back, with new marks that are on the disk when this returns. To be called
    /// before the node has peers: between a peer and its timestamps there shall be no moment for a replay.
    public void restore() {
        recall();
        Map<PublicKey, RememberedPeer> marked = new HashMap<>();
        known.forEach((key, last) -> {
            node.tunnel().restore(key, last.peer().timestamps());
            if (!last.peer().mark().equals(Timestamp.NONE)) {
                marked.put(key, last.peer().markedAhead(last.peer().mark(), now()));
            } else if (last.version() == 0) {
                marked.put(key, last.peer());
            }
        });
        if (write(marked, List.of()) && store.read(EARLIER) != null) {
            forgetEarlier();
        }
    }

    private void forgetEarlier() {
        try {
            store.delete(EARLIER);
        } catch (IOException e) {
            LOG.warn("{} stays in the store: {}", EARLIER, e.getMessage());
        }
    }

    /// Greets the peers of the last run and begins to watch them.
    public void start() {
        known.forEach((key, last) -> {
            if (last.peer().endpoint() != null) {
                node.recall(key, last.peer().endpoint());
            }
        });
        node.tunnel().onPeerNews(this::news);
        news();
    }

    private void recall() {
        Document earlier = store.read(EARLIER);
        if (earlier != null) {
            earlier.text().lines().map(line -> line.split(" ", -1)).forEach(line -> {
                if (line.length == 3) {
                    RememberedPeer peer = new RememberedPeer(
                            RememberedPeer.endpoint(line[1], line[2]), Timestamp.NONE, Timestamp.NONE);
                    known.put(PublicKey.parse(line[0]), new Known(peer, 0));
                }
            });
        }
        for (Document document : store.list(RememberedPeer.KIND)) {
            try {
                known.put(
                        RememberedPeer.publicKey(document.key()),
                        new Known(RememberedPeer.parse(document.text()), document.version()));
            } catch (IllegalArgumentException e) {
                LOG.warn("what was remembered of a peer is passed over: {}: {}", document.key(), e.getMessage());
            }
        }
    }

    /// From the tunnel's loop.
    private void news() {
        if (lookDue.compareAndSet(false, true)) {
            long wait = Math.max(0, nextLook - (BURST - 1) * INTERVAL_NANOS - System.nanoTime());
            scheduler.schedule(this::look, wait, TimeUnit.NANOSECONDS);
        }
    }

    private void look() {
        long now = System.nanoTime();
        nextLook = (nextLook - now > 0 ? nextLook : now) + INTERVAL_NANOS;
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
        Map<PublicKey, RememberedPeer> changed = new HashMap<>();
        for (PeerStatus status : peers) {
            RememberedPeer before =
                    known.getOrDefault(status.publicKey(), Known.NOTHING).peer();
            RememberedPeer after = before.after(status, now());
            if (!after.equals(before)) {
                changed.put(status.publicKey(), after);
            }
        }
        List<PublicKey> surplus = List.of();
        if (known.size() > MAX_DOCUMENTS) {
            List<PublicKey> present = peers.stream().map(PeerStatus::publicKey).toList();
            surplus = known.keySet().stream()
                    .filter(key -> !present.contains(key))
                    .toList();
        }
        if (!write(changed, surplus)) {
            news();
        }
    }

    /// @return false if it shall be tried again
    private boolean write(Map<PublicKey, RememberedPeer> peers, List<PublicKey> surplus) {
        if (peers.isEmpty() && surplus.isEmpty()) {
            return true;
        }
        List<Change> changes = new ArrayList<>();
        Map<PublicKey, Known> next = new HashMap<>(known);
        peers.forEach((key, peer) -> {
            long version = known.getOrDefault(key, Known.NOTHING).version();
            changes.add(new Change.Put(RememberedPeer.documentKey(key), version, peer.text()));
            next.put(key, new Known(peer, version + 1));
        });
        for (PublicKey key : surplus) {
            changes.add(new Change.Remove(
                    RememberedPeer.documentKey(key),
                    known.getOrDefault(key, Known.NOTHING).version()));
            next.remove(key);
        }
        try {
            store.commit(changes);
            known.clear();
            known.putAll(next);
            failing = false;
            return true;
        } catch (Store.Conflict e) {
            // A process that was to follow this one, and failed, has written meanwhile.
            known.clear();
            recall();
            return false;
        } catch (IOException | UncheckedIOException e) {
            if (!failing) {
                LOG.warn("peers cannot be remembered, trying on: {}", e.getMessage());
            }
            failing = true;
            return false;
        }
    }

    private Timestamp now() {
        return Timestamp.ofUnixNanos(clock.wallOrigin() + clock.now());
    }
}
