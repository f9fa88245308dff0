package dev.culvert.proto.wireguard;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// The five timers of a peer and what sets and clears them (paper §6); what they do when they expire is the peer's.
// The constants index an array of deadlines and nothing else.
@SuppressWarnings("EnumOrdinal")
final class PeerTimers {
    enum Timer {
        /// No response came: send the initiation again.
        RETRANSMIT_HANDSHAKE,
        /// Data came and nothing went back: say that we are here.
        SEND_KEEPALIVE,
        /// Data went out and nothing came back: the peer has lost the session.
        NEW_HANDSHAKE,
        /// No handshake for long: overwrite all keys.
        ZERO_KEYS,
        /// Nothing passed for the configured time: hold the NAT mapping open.
        PERSISTENT_KEEPALIVE
    }

    /// "Not set" among deadlines.
    static final long OFF = Long.MAX_VALUE;

    final Peer peer;

    /// Where the heap of deadlines keeps this; no timer expires before `bound`, which may lie too early.
    long bound = OFF;

    int heapIndex = -1;

    private final DeadlineHeap heap;
    private final RandomGenerator random;
    private final long[] deadlines = new long[Timer.values().length];
    private long persistentKeepalive;

    /// Drawn anew for each handshake: a strong random number per packet would cost more than the packet.
    private long jitter;

    PeerTimers(Peer peer, DeadlineHeap heap, RandomGenerator random) {
        this.peer = peer;
        this.heap = heap;
        this.random = random;
        Arrays.fill(deadlines, OFF);
    }

    /// 0 switches it off.
    void persistentKeepalive(int seconds) {
        persistentKeepalive = seconds * Protocol.SECOND;
        clear(Timer.PERSISTENT_KEEPALIVE);
    }

    long persistentKeepalive() {
        return persistentKeepalive;
    }

    void dataSent(long now) {
        if (!isSet(Timer.NEW_HANDSHAKE)) {
            set(Timer.NEW_HANDSHAKE, now + Protocol.NEW_HANDSHAKE_TIME + jitter);
        }
    }

    void dataReceived(long now) {
        if (!isSet(Timer.SEND_KEEPALIVE)) {
            set(Timer.SEND_KEEPALIVE, now + Protocol.KEEPALIVE_TIMEOUT);
        }
    }

    void authenticatedPacketSent() {
        clear(Timer.SEND_KEEPALIVE);
    }

    void authenticatedPacketReceived() {
        clear(Timer.NEW_HANDSHAKE);
    }

    /// Either way.
    void authenticatedPacketTraversed(long now) {
        if (persistentKeepalive > 0) {
            set(Timer.PERSISTENT_KEEPALIVE, now + persistentKeepalive);
        }
    }

    void handshakeInitiated(long now) {
        jitter = random.nextInt(Protocol.JITTER);
        set(Timer.RETRANSMIT_HANDSHAKE, now + Protocol.REKEY_TIMEOUT + jitter);
    }

    void handshakeComplete() {
        clear(Timer.RETRANSMIT_HANDSHAKE);
    }

    void sessionDerived(long now) {
        jitter = random.nextInt(Protocol.JITTER);
        set(Timer.ZERO_KEYS, now + Protocol.ZERO_KEYS_AFTER_TIME);
    }

    void handshakeGivenUp(long now) {
        clear(Timer.SEND_KEEPALIVE);
        if (!isSet(Timer.ZERO_KEYS)) {
            set(Timer.ZERO_KEYS, now + Protocol.ZERO_KEYS_AFTER_TIME);
        }
    }

    /// Whether that timer has expired; asking clears it.
    boolean takeExpired(Timer timer, long now) {
        boolean expired = deadlines[timer.ordinal()] <= now;
        if (expired) {
            clear(timer);
        }
        return expired;
    }

    void clearAll() {
        Arrays.fill(deadlines, OFF);
        heap.remove(this);
    }

    /// The earliest deadline, or [#OFF].
    long earliest() {
        long earliest = OFF;
        for (long deadline : deadlines) {
            earliest = Math.min(earliest, deadline);
        }
        return earliest;
    }

    private boolean isSet(Timer timer) {
        return deadlines[timer.ordinal()] != OFF;
    }

    private void set(Timer timer, long deadline) {
        deadlines[timer.ordinal()] = deadline;
        // Deadlines move with nearly every packet, mostly to later: the heap hears of earlier ones only.
        if (deadline < bound) {
            heap.update(this, deadline);
        }
    }

    private void clear(Timer timer) {
        deadlines[timer.ordinal()] = OFF;
    }
}
