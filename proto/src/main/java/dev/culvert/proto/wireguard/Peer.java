package dev.culvert.proto.wireguard;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerTimers.Timer;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The other end: its key, where it is, its sessions and counters. Made by [WireGuardDevice#addPeer], which owns
/// it.
public final class Peer {
    /// What [#lastHandshakeNanos] says of a peer that has had no handshake.
    public static final long NEVER = Protocol.NEVER;

    final RemoteStatic remote;
    final CookieGenerator cookies;
    final Keypairs keypairs;
    final PeerTimers timers;
    final StagedQueue staged;
    final Set<IpPrefix> allowedIps = new LinkedHashSet<>();

    @Nullable
    PresharedKey presharedKey;

    /// Our initiation that waits for its response, and the index that stands in it.
    @Nullable
    Handshake initiating;

    IndexTable.@Nullable Entry initiatingEntry;

    /// The peer's initiation that [WireGuardDevice#pollTransmit] will answer.
    @Nullable
    Handshake responding;

    boolean wantsInitiation;
    boolean wantsInitiationNow;
    boolean wantsKeepalive;
    boolean removed;
    long lastHandshakeSent = NEVER;
    long lastInitiationReceived = NEVER;
    byte[] receivedTimestamp = new byte[Tai64n.BYTES];
    byte[] sentTimestamp = new byte[Tai64n.BYTES];
    long rxBytes;
    long txBytes;

    private final DeviceParts parts;
    private @Nullable InetSocketAddress endpoint;
    private long lastHandshake = NEVER;
    private int handshakeRetries;
    private boolean rekeyedOnReceiving;
    private long roams;
    private @Nullable Object attachment;

    Peer(RemoteStatic remote, DeviceParts parts) {
        this.remote = remote;
        this.parts = parts;
        cookies = new CookieGenerator(remote.key);
        keypairs = new Keypairs(parts.indices);
        timers = new PeerTimers(this, parts.deadlines, parts.random);
        staged = new StagedQueue(parts.stagedBudget, parts.drops);
    }

    /// Who it is.
    public PublicKey publicKey() {
        return remote.key;
    }

    /// Where it was heard last, or is configured to be; null if neither.
    public @Nullable InetSocketAddress endpoint() {
        return endpoint;
    }

    /// Sets where it is from now on, until it is heard from elsewhere.
    public void endpoint(InetSocketAddress endpoint) {
        this.endpoint = endpoint;
    }

    /// The `now` at which the last handshake was completed, or [#NEVER], which is below zero.
    public long lastHandshakeNanos() {
        return lastHandshake;
    }

    /// Bytes of genuine datagrams received, headers of WireGuard included.
    public long rxBytes() {
        return rxBytes;
    }

    /// Bytes of datagrams sent, headers of WireGuard included.
    public long txBytes() {
        return txBytes;
    }

    /// How often its endpoint changed because it was heard from elsewhere; a rising number is a key on two hosts.
    public long roams() {
        return roams;
    }

    /// The prefixes it has at present; those that moved to other peers are gone.
    public List<IpPrefix> allowedIps() {
        return List.copyOf(allowedIps);
    }

    /// The further secret that is shared with it, or null.
    public @Nullable PresharedKey presharedKey() {
        return presharedKey;
    }

    /// Seconds between keepalive packets that are sent whatever happens, 0 for none.
    public int persistentKeepaliveSeconds() {
        return (int) (timers.persistentKeepalive() / Protocol.SECOND);
    }

    /// Whether a packet to it could be sealed at once.
    public boolean hasSession(long now) {
        return keypairs.sendable(now) != null;
    }

    /// The greatest TAI64N label received from it, [Timestamp#NONE] at first. Initiations up to it are refused.
    public Timestamp receivedTimestamp() {
        return Timestamp.of(receivedTimestamp);
    }

    /// The last TAI64N label sent to it, [Timestamp#NONE] at first. Later ones are after it, whatever the clock says.
    public Timestamp sentTimestamp() {
        return Timestamp.of(sentTimestamp);
    }

    /// Brings back the labels of an earlier run; [Timestamp#NONE] as the received one forgives a peer whose clock ran
    /// ahead.
    public void restoreTimestamps(Timestamp received, Timestamp sent) {
        receivedTimestamp = received.label();
        sentTimestamp = sent.label();
    }

    /// What the caller keeps with this peer.
    public @Nullable Object attachment() {
        return attachment;
    }

    /// Keeps something with this peer; the device does not look at it.
    public void attachment(@Nullable Object attachment) {
        this.attachment = attachment;
    }

    @Override
    public String toString() {
        return "Peer " + remote.key;
    }

    /// Asks for an initiation, unless a handshake message went out within 5 s.
    void requestInitiation(boolean retry, long now) {
        if (!retry) {
            handshakeRetries = 0;
        }
        if (Protocol.passed(now, lastHandshakeSent, Protocol.REKEY_TIMEOUT)) {
            wantsInitiation = true;
            parts.ready.add(this);
        }
    }

    /// Asks for something genuine to be sent: what is staged, or an empty packet; without a session, a handshake.
    void requestKeepalive(long now) {
        if (hasSession(now)) {
            wantsKeepalive = true;
            parts.ready.add(this);
        } else {
            requestInitiation(false, now);
        }
    }

    /// A genuine datagram came from there: the peer roams (paper §2.1).
    void heardFrom(InetSocketAddress from, boolean roaming) {
        InetSocketAddress known = endpoint;
        if (known == null) {
            endpoint = from;
            parts.peerNews++;
        } else if (known.equals(from)) {
            // The caller may note with an address how it is reached: the latest one knows.
            endpoint = from;
        } else if (roaming) {
            endpoint = from;
            roams++;
            parts.peerNews++;
        }
    }

    void authenticatedPacketReceived(int bytes, long now) {
        rxBytes += bytes;
        timers.authenticatedPacketReceived();
        timers.authenticatedPacketTraversed(now);
    }

    void authenticatedPacketSent(int bytes, long now) {
        txBytes += bytes;
        wantsKeepalive = false;
        timers.authenticatedPacketSent();
        timers.authenticatedPacketTraversed(now);
    }

    void handshakeComplete(long now) {
        lastHandshake = now;
        parts.peerNews++;
        handshakeRetries = 0;
        rekeyedOnReceiving = false;
        timers.handshakeComplete();
        if (!staged.isEmpty()) {
            parts.ready.add(this);
        }
    }

    /// The initiator rekeys on receiving, once per session, while the session can still carry an answer.
    void rekeyOnReceiving(long now) {
        Keypair keypair = keypairs.current();
        if (!rekeyedOnReceiving && keypair != null && keypair.wantsRekeyAfterReceiving(now)) {
            rekeyedOnReceiving = true;
            requestInitiation(false, now);
        }
    }

    /// Forgets our own initiation; `entry` of the table stays if a session has taken it over.
    void clearInitiating(boolean keepEntry) {
        if (initiating != null) {
            initiating.wipe();
            initiating = null;
        }
        if (initiatingEntry != null && !keepEntry) {
            parts.indices.remove(initiatingEntry);
        }
        initiatingEntry = null;
    }

    void handleTimeout(long now) {
        if (timers.takeExpired(Timer.RETRANSMIT_HANDSHAKE, now)) {
            retransmitHandshake(now);
        }
        if (timers.takeExpired(Timer.SEND_KEEPALIVE, now)) {
            requestKeepalive(now);
        }
        if (timers.takeExpired(Timer.NEW_HANDSHAKE, now)) {
            requestInitiation(false, now);
        }
        if (timers.takeExpired(Timer.PERSISTENT_KEEPALIVE, now)) {
            requestKeepalive(now);
            // In case nothing can be sent: without an endpoint, or right after a handshake message.
            timers.authenticatedPacketTraversed(now);
        }
        if (timers.takeExpired(Timer.ZERO_KEYS, now)) {
            clearKeys();
        }
    }

    /// Overwrites every key that sessions and handshakes hold.
    void clearKeys() {
        keypairs.clear();
        clearInitiating(false);
        if (responding != null) {
            responding.wipe();
            responding = null;
        }
    }

    /// No answer: whatever the caller has noted with the address may be why, such as an address of ours to send from.
    private void forgetWay() {
        InetSocketAddress known = endpoint;
        if (known != null && known.getAddress() != null) {
            endpoint = new InetSocketAddress(known.getAddress(), known.getPort());
        }
    }

    private void retransmitHandshake(long now) {
        if (handshakeRetries > Protocol.MAX_HANDSHAKE_RETRIES) {
            staged.flush();
            timers.handshakeGivenUp(now);
        } else {
            handshakeRetries++;
            forgetWay();
            requestInitiation(true, now);
        }
    }
}
