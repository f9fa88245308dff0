package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One WireGuard interface: its key, its peers, their sessions. Sans-I/O, owned and driven by one thread.
///
/// `now` is monotonic time in nanoseconds from any origin; it never goes back. After every `handleX` and command
/// the owner polls [#pollTransmit] until it returns false, and calls [#handleTimeout] when [#nextDeadline] is
/// reached. Packets are sealed and opened in two phases: the job that a call returns is run on any thread, then
/// completed here, in order for each peer; any number of jobs may be under way.
///
/// Source: Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel".
public final class WireGuardDevice {
    final DeviceParts parts;
    private final Map<PublicKey, Peer> peers = new LinkedHashMap<>();
    private final HandshakeExchange handshakes;
    private final TransportReceiver receiver;
    private final TransportSender sender;

    /// A device without peers.
    ///
    /// @param key ours; copied
    /// @param crypto for handshakes, and for the packets of each session
    /// @param random cryptographically strong: ephemeral keys, indices, cookies and jitter come from it
    /// @param wallClockOffsetNanos nanoseconds since the Unix epoch at `now == 0`
    public WireGuardDevice(PrivateKey key, CryptoFunctions crypto, RandomGenerator random, long wallClockOffsetNanos) {
        parts = new DeviceParts(key, crypto, random);
        handshakes = new HandshakeExchange(parts, peers, wallClockOffsetNanos);
        receiver = new TransportReceiver(parts);
        sender = new TransportSender(parts);
    }

    /// Takes one datagram from the network that bore no ECN mark.
    ///
    /// @see #handleDatagram(ByteBuffer, InetSocketAddress, int, long)
    public @Nullable OpenJob handleDatagram(ByteBuffer in, InetSocketAddress from, long now) {
        return handleDatagram(in, from, InnerPacket.NOT_ECT, now);
    }

    /// Takes one datagram from the network.
    ///
    /// @param in a heap buffer, the datagram from position to limit; its array is the job's until completion
    /// @param from the sender, resolved
    /// @param ecn the two ECN bits of the outer IP header
    /// @return the decryption to do, or null: a handshake message was taken, or something was dropped ([#lastDrop])
    public @Nullable OpenJob handleDatagram(ByteBuffer in, InetSocketAddress from, int ecn, long now) {
        parts.drops.clearLast();
        byte[] buffer = in.array();
        int offset = in.arrayOffset() + in.position();
        int length = in.remaining();
        int type = Messages.type(buffer, offset, length);
        switch (type) {
            case Messages.TRANSPORT -> {
                return receiver.handle(buffer, offset, length, from, ecn, now);
            }
            case Messages.COOKIE_REPLY -> handshakes.handleCookieReply(buffer, offset, now);
            case Messages.INITIATION, Messages.RESPONSE -> handshakes.handle(type, buffer, offset, length, from, now);
            default -> parts.drops.count(Drop.MALFORMED);
        }
        return null;
    }

    /// Judges a packet that its job has decrypted: replay, roaming, session, inner addresses.
    ///
    /// @return true: `job.packet()` is an IP packet of `job.peer()`; false: a keepalive, or dropped ([#lastDrop])
    public boolean complete(OpenJob job, long now) {
        parts.drops.clearLast();
        return receiver.complete(job, now);
    }

    /// Does what has become due, which may give [#pollTransmit] something to write.
    public void handleTimeout(long now) {
        PeerTimers timers = parts.deadlines.first();
        while (timers != null && timers.bound <= now) {
            timers.peer.handleTimeout(now);
            parts.deadlines.update(timers, timers.earliest());
            timers = parts.deadlines.first();
        }
    }

    /// Adds a peer, or changes one: preshared key, keepalive, allowed IPs, and the endpoint unless null. Its
    /// sessions stay.
    ///
    /// @throws IllegalArgumentException if the key is our own
    public Peer addPeer(PeerConfig config, long now) {
        if (config.publicKey().equals(publicKey())) {
            throw new IllegalArgumentException("peer with our own key: " + config.publicKey());
        }
        Peer peer = peers.get(config.publicKey());
        if (peer == null) {
            peer = new Peer(parts.local.remote(config.publicKey()), parts);
            peers.put(config.publicKey(), peer);
        }
        peer.presharedKey = config.presharedKey();
        if (config.endpoint() != null) {
            peer.endpoint(config.endpoint());
        }
        parts.allowedIps.replace(peer, config.allowedIps());
        boolean wasOff = peer.timers.persistentKeepalive() == 0;
        peer.timers.persistentKeepalive(config.persistentKeepaliveSeconds());
        peer.timers.authenticatedPacketTraversed(now);
        if (wasOff && config.persistentKeepaliveSeconds() > 0) {
            peer.requestKeepalive(now);
        }
        return peer;
    }

    /// Takes another key of ours. Every session ends; peers keep their settings and begin anew, but for one with
    /// this very key, which is forgotten.
    public void privateKey(PrivateKey key, long now) {
        List<PeerConfig> configs = new ArrayList<>();
        for (Peer peer : List.copyOf(peers.values())) {
            configs.add(new PeerConfig(
                    peer.publicKey(),
                    peer.presharedKey(),
                    peer.endpoint(),
                    peer.persistentKeepaliveSeconds(),
                    peer.allowedIps()));
            removePeer(peer.publicKey());
        }
        LocalStatic before = parts.local;
        parts.local = new LocalStatic(key, before.crypto, parts.random);
        before.destroy();
        handshakes.keyChanged();
        for (PeerConfig config : configs) {
            if (!config.publicKey().equals(publicKey())) {
                addPeer(config, now);
            }
        }
    }

    /// Forgets a peer, its sessions and what waits for it; an unknown key is nothing.
    public void removePeer(PublicKey key) {
        Peer peer = peers.remove(key);
        if (peer == null) {
            return;
        }
        peer.removed = true;
        peer.clearKeys();
        peer.staged.flush();
        peer.timers.clearAll();
        peer.remote.destroy();
        parts.allowedIps.remove(peer);
    }

    /// Takes one IP packet to send.
    ///
    /// @param packet a heap buffer, the packet from position to limit, with 16 bytes of room before it and 32
    ///     behind it in its array, which is the job's until completion
    /// @return the encryption to do, or null: the packet was copied to wait for a session, or dropped ([#lastDrop])
    public @Nullable SealJob encapsulate(ByteBuffer packet, long now) {
        parts.drops.clearLast();
        return sender.encapsulate(packet, now);
    }

    /// Accounts for a sealed packet.
    ///
    /// @return true: `job.datagram()` is to be sent to `job.endpoint()`; false: its peer was removed meanwhile
    public boolean complete(SealJob job, long now) {
        parts.drops.clearLast();
        return sender.complete(job, now);
    }

    /// Asks for a handshake with `peer`, unless a handshake message went to it within 5 s.
    public void initiate(Peer peer, long now) {
        initiate(peer, false, now);
    }

    /// Asks for a handshake with `peer`.
    ///
    /// @param force also within 5 s of the last handshake message
    public void initiate(Peer peer, boolean force, long now) {
        if (peer.removed) {
            return;
        }
        peer.requestInitiation(false, now);
        if (force) {
            peer.wantsInitiationNow = true;
            parts.ready.add(peer);
        }
    }

    /// Says that the wall clock was set.
    ///
    /// @param nanos nanoseconds since the Unix epoch at `now == 0`
    public void wallClockOffset(long nanos) {
        handshakes.wallClockOffset(nanos);
    }

    /// Sets the MTU of the tunnel, up to which packets are padded; 1420 unless set.
    public void mtu(int bytes) {
        sender.mtu(bytes);
    }

    /// Whether peers' endpoints follow where they are heard from; on unless set.
    public void roaming(boolean on) {
        parts.roaming = on;
    }

    /// Sets how many handshakes per second are worked on before senders must show a cookie; 200 unless set.
    public void handshakeBudget(int perSecond) {
        handshakes.limiter.budget(perSecond);
    }

    /// Says that handshake messages wait for the owner's time: for a second from now on senders must show a cookie, as
    /// if
    /// the budget were spent.
    public void handshakesWait(long now) {
        handshakes.limiter.crowded(now);
    }

    /// Overwrites every key of every peer; the device is of no use afterwards.
    public void destroy() {
        for (PublicKey key : peers.keySet().toArray(new PublicKey[0])) {
            removePeer(key);
        }
        parts.local.destroy();
    }

    /// Writes one datagram of the device's own: cookie reply, handshake, keepalive, or a packet that waited.
    ///
    /// @return false if there is none
    public boolean pollTransmit(Transmit out, long now) {
        if (handshakes.transmitCookieReply(out, now)) {
            return true;
        }
        for (Peer peer = parts.ready.poll(); peer != null; peer = parts.ready.poll()) {
            if (!peer.removed && (handshakes.transmit(peer, out, now) || sender.transmit(peer, out, now))) {
                parts.ready.add(peer);
                return true;
            }
        }
        return false;
    }

    /// Our public key.
    public PublicKey publicKey() {
        return parts.local.publicKey;
    }

    /// What the receiver's index of every genuine message to us looks like, for as long as this device lives.
    public IndexForm indexForm() {
        return parts.indices.form;
    }

    /// The peer with that key, or null.
    public @Nullable Peer peer(PublicKey key) {
        return peers.get(key);
    }

    /// The peers, in the order they were added; a view.
    public Collection<Peer> peers() {
        return Collections.unmodifiableCollection(peers.values());
    }

    /// Rises whenever a peer has shaken hands or was heard from a new place, or an initiation has taken or used a
    /// timestamp: what somebody who remembers peers wants to know, at the cost of one comparison.
    public long peerNews() {
        return parts.peerNews;
    }

    /// Why the last `handleDatagram`, `encapsulate` or `complete` came to nothing; null if it did not, or only
    /// waits.
    public @Nullable Drop lastDrop() {
        return parts.drops.last();
    }

    /// How often that has happened.
    public long drops(Drop reason) {
        return parts.drops.get(reason);
    }

    /// When [#handleTimeout] is to be called next, or earlier than needed; `Long.MAX_VALUE` if no timer is set.
    public long nextDeadline() {
        return parts.deadlines.earliest();
    }
}
