package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Initiations, responses and cookie replies, both ways (paper §5.3, §5.4.1 to §5.4.5, §5.4.7).
///
/// Messages are read when they come and written when they are polled, so what is sent is never stale.
final class HandshakeExchange {
    /// AF41, as the kernel marks handshakes.
    private static final int HANDSHAKE_TRAFFIC_CLASS = 0x88;

    final HandshakeLimiter limiter = new HandshakeLimiter();

    private final DeviceParts parts;
    private final Map<PublicKey, Peer> peers;
    private CookieChecker checker;
    private final ArrayDeque<CookieRequest> cookieRequests = new ArrayDeque<>();
    private long wallClockOffset;

    HandshakeExchange(DeviceParts parts, Map<PublicKey, Peer> peers, long wallClockOffset) {
        this.parts = parts;
        this.peers = peers;
        this.wallClockOffset = wallClockOffset;
        checker = new CookieChecker(parts.local.publicKey, parts.random);
    }

    /// Our key is another one.
    void keyChanged() {
        checker = new CookieChecker(parts.local.publicKey, parts.random);
        cookieRequests.clear();
    }

    void wallClockOffset(long nanos) {
        wallClockOffset = nanos;
    }

    /// Takes an initiation or a response.
    void handle(int type, byte[] in, int offset, int length, InetSocketAddress from, long now) {
        if (!checker.checkMac1(in, offset, length)) {
            parts.drops.count(Drop.BAD_MAC1);
            return;
        }
        if (limiter.underLoad(now) && !mayUnderLoad(in, offset, length, from, now)) {
            return;
        }
        Drop refused = type == Messages.INITIATION
                ? handleInitiation(in, offset, from, now)
                : handleResponse(in, offset, from, now);
        if (refused != null) {
            parts.drops.count(refused);
        }
    }

    void handleCookieReply(byte[] in, int offset, long now) {
        IndexTable.Entry entry = parts.indices.get(Messages.int32(in, offset + Messages.COOKIE_REPLY_RECEIVER));
        if (entry == null) {
            parts.drops.count(Drop.UNKNOWN_INDEX);
        } else if (!entry.peer.cookies.handleReply(in, offset, now)) {
            parts.drops.count(Drop.FORGED_COOKIE_REPLY);
        }
    }

    /// Writes the oldest cookie reply that is due.
    boolean transmitCookieReply(Transmit out, long now) {
        CookieRequest request = cookieRequests.pollFirst();
        if (request == null) {
            return false;
        }
        checker.writeReply(request.sender, request.mac1, request.from, out.array(), 0, now);
        out.set(Messages.COOKIE_REPLY_BYTES, request.from, null, HANDSHAKE_TRAFFIC_CLASS);
        return true;
    }

    /// Writes the response or the initiation that this peer is due.
    boolean transmit(Peer peer, Transmit out, long now) {
        InetSocketAddress endpoint = peer.endpoint();
        if (endpoint == null) {
            peer.wantsInitiation = false;
            peer.wantsInitiationNow = false;
            return false;
        }
        int length = transmitResponse(peer, out.array(), now);
        if (length == 0) {
            length = transmitInitiation(peer, out.array(), now);
        }
        if (length == 0) {
            return false;
        }
        peer.cookies.addMacs(out.array(), 0, length, now);
        peer.lastHandshakeSent = now;
        peer.authenticatedPacketSent(length, now);
        out.set(length, endpoint, peer, HANDSHAKE_TRAFFIC_CLASS);
        return true;
    }

    private boolean mayUnderLoad(byte[] in, int offset, int length, InetSocketAddress from, long now) {
        if (!checker.checkMac2(in, offset, length, from, now)) {
            limiter.charge(now);
            parts.drops.count(Drop.COOKIE_REQUIRED);
            if (cookieRequests.size() == Protocol.MAX_COOKIE_REPLIES) {
                cookieRequests.pollFirst();
                parts.drops.count(Drop.COOKIE_REPLY_OVERFLOW, 1);
            }
            int mac1 = offset + Macs.mac1Offset(length);
            // The sender's index stands at the same place in both messages.
            cookieRequests.addLast(new CookieRequest(
                    Messages.int32(in, offset + Messages.INITIATION_SENDER),
                    Arrays.copyOfRange(in, mac1, mac1 + Messages.MAC_BYTES),
                    from));
            return false;
        }
        if (!limiter.allow(from.getAddress(), now)) {
            parts.drops.count(Drop.RATE_LIMITED);
            return false;
        }
        return true;
    }

    private @Nullable Drop handleInitiation(byte[] in, int offset, InetSocketAddress from, long now) {
        limiter.charge(now);
        Handshake handshake = new Handshake(parts.local.crypto, parts.local.publicKey);
        Drop refused = handshake.readStatic(parts.local, in, offset);
        if (refused != null) {
            return refused;
        }
        Peer peer = peers.get(handshake.initiator());
        if (peer == null) {
            return Drop.UNKNOWN_PEER;
        }
        refused = handshake.readTimestamp(peer.remote, in, offset);
        if (refused != null) {
            return refused;
        }
        if (Tai64n.compare(handshake.timestamp(), peer.receivedTimestamp) <= 0) {
            return Drop.STALE_TIMESTAMP;
        }
        if (!Protocol.passed(now, peer.lastInitiationReceived, Protocol.MIN_INITIATION_INTERVAL)) {
            return Drop.INITIATION_FLOOD;
        }
        peer.receivedTimestamp = handshake.timestamp();
        parts.peerNews++;
        peer.lastInitiationReceived = now;
        if (peer.responding != null) {
            peer.responding.wipe();
        }
        peer.responding = handshake;
        parts.ready.add(peer);
        peer.heardFrom(from, parts.roaming);
        peer.authenticatedPacketReceived(Messages.INITIATION_BYTES, now);
        return null;
    }

    private @Nullable Drop handleResponse(byte[] in, int offset, InetSocketAddress from, long now) {
        IndexTable.Entry entry = parts.indices.get(Messages.int32(in, offset + Messages.RESPONSE_RECEIVER));
        if (entry == null) {
            return Drop.UNKNOWN_INDEX;
        }
        Peer peer = entry.peer;
        Handshake handshake = peer.initiating;
        if (handshake == null || peer.initiatingEntry != entry) {
            return Drop.UNEXPECTED_RESPONSE;
        }
        limiter.charge(now);
        Drop refused = handshake.readResponse(parts.local, peer.presharedKey, in, offset);
        if (refused != null) {
            return refused;
        }
        peer.keypairs.addInitiated(session(handshake, entry, true, now));
        peer.clearInitiating(true);
        peer.heardFrom(from, parts.roaming);
        peer.timers.sessionDerived(now);
        peer.handshakeComplete(now);
        peer.authenticatedPacketReceived(Messages.RESPONSE_BYTES, now);
        // The responder may not send before it has heard something under the new session.
        peer.requestKeepalive(now);
        return null;
    }

    private int transmitResponse(Peer peer, byte[] out, long now) {
        Handshake handshake = peer.responding;
        if (handshake == null) {
            return 0;
        }
        peer.responding = null;
        IndexTable.Entry entry = parts.indices.insert(peer);
        Drop refused = handshake.writeResponse(parts.local, peer.remote, peer.presharedKey, entry.index, out, 0);
        if (refused != null) {
            parts.indices.remove(entry);
            parts.drops.count(refused);
            return 0;
        }
        peer.keypairs.addResponded(session(handshake, entry, false, now));
        peer.timers.sessionDerived(now);
        return Messages.RESPONSE_BYTES;
    }

    private int transmitInitiation(Peer peer, byte[] out, long now) {
        boolean due = peer.wantsInitiationNow
                || (peer.wantsInitiation && Protocol.passed(now, peer.lastHandshakeSent, Protocol.REKEY_TIMEOUT));
        peer.wantsInitiation = false;
        peer.wantsInitiationNow = false;
        if (!due) {
            return 0;
        }
        peer.clearInitiating(false);
        IndexTable.Entry entry = parts.indices.insert(peer);
        Handshake handshake = new Handshake(parts.local.crypto, peer.remote.key);
        byte[] label = Tai64n.after(peer.sentTimestamp, wallClockOffset + now);
        Drop refused = handshake.writeInitiation(parts.local, peer.remote, entry.index, label, out, 0);
        if (refused != null) {
            parts.indices.remove(entry);
            parts.drops.count(refused);
            return 0;
        }
        peer.sentTimestamp = label;
        parts.peerNews++;
        peer.initiating = handshake;
        peer.initiatingEntry = entry;
        peer.timers.handshakeInitiated(now);
        return Messages.INITIATION_BYTES;
    }

    private Keypair session(Handshake handshake, IndexTable.Entry entry, boolean initiator, long now) {
        int remoteIndex = handshake.remoteIndex();
        byte[][] keys = handshake.transportKeys();
        Aead sending = parts.local.crypto.aead(keys[initiator ? 0 : 1]);
        Aead receiving = parts.local.crypto.aead(keys[initiator ? 1 : 0]);
        Arrays.fill(keys[0], (byte) 0);
        Arrays.fill(keys[1], (byte) 0);
        return new Keypair(entry, remoteIndex, sending, receiving, initiator, now);
    }

    /// What a cookie reply needs of the message it answers.
    private static final class CookieRequest {
        private final int sender;
        private final byte[] mac1;
        private final InetSocketAddress from;

        CookieRequest(int sender, byte[] mac1, InetSocketAddress from) {
            this.sender = sender;
            this.mac1 = mac1;
            this.from = from;
        }
    }
}
