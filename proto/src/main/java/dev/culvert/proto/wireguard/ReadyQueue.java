package dev.culvert.proto.wireguard;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The peers that may have something to send of the device's own, each once, in turn.
final class ReadyQueue {
    private final ArrayDeque<Peer> queue = new ArrayDeque<>();
    private final Set<Peer> queued = new HashSet<>();

    void add(Peer peer) {
        if (queued.add(peer)) {
            queue.addLast(peer);
        }
    }

    @Nullable
    Peer poll() {
        Peer peer = queue.pollFirst();
        if (peer != null) {
            queued.remove(peer);
        }
        return peer;
    }
}
