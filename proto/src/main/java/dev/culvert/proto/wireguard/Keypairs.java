package dev.culvert.proto.wireguard;

import org.jspecify.annotations.Nullable;

/// The three sessions of a peer: the one in use, the one before it for packets still under way, and the responder's
/// next one, which is not used until its initiator has (paper §6.3).
final class Keypairs {
    private final IndexTable indices;
    private @Nullable Keypair previous;
    private @Nullable Keypair current;
    private @Nullable Keypair next;

    Keypairs(IndexTable indices) {
        this.indices = indices;
    }

    /// A session we initiated: the response has confirmed it, so it is in use at once.
    void addInitiated(Keypair keypair) {
        retire(previous);
        if (next != null) {
            // Both sides initiated at once. The peer may already use the one we answered to, so it is kept for
            // receiving.
            previous = next;
            next = null;
            retire(current);
        } else {
            previous = current;
        }
        current = keypair;
    }

    /// A session we answered to: it waits for its first packet.
    void addResponded(Keypair keypair) {
        retire(next);
        next = keypair;
        retire(previous);
        previous = null;
    }

    /// Takes note of a genuine packet under `keypair`.
    ///
    /// @return true if this was the first under the next session, which is in use from now on
    boolean confirm(Keypair keypair) {
        if (keypair != next) {
            return false;
        }
        retire(previous);
        previous = current;
        current = next;
        next = null;
        return true;
    }

    @Nullable
    Keypair current() {
        return current;
    }

    /// The session to send with, or null if a handshake is needed first.
    @Nullable
    Keypair sendable(long now) {
        return current != null && current.canSend(now) ? current : null;
    }

    void clear() {
        retire(previous);
        retire(current);
        retire(next);
        previous = null;
        current = null;
        next = null;
    }

    private void retire(@Nullable Keypair keypair) {
        if (keypair != null) {
            keypair.retire(indices);
        }
    }
}
