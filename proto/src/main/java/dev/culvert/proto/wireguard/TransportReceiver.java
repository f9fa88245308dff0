package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Transport messages in: finds the session, hands out the decryption, and judges what came of it (paper §5.4.6).
final class TransportReceiver {
    private final DeviceParts parts;
    private final ArrayDeque<OpenJob> idle = new ArrayDeque<>();

    TransportReceiver(DeviceParts parts) {
        this.parts = parts;
    }

    @Nullable
    OpenJob handle(byte[] buffer, int offset, int length, InetSocketAddress from, int ecn, long now) {
        IndexTable.Entry entry = parts.indices.get(Messages.int32(buffer, offset + Messages.TRANSPORT_RECEIVER));
        if (entry == null) {
            return drop(Drop.UNKNOWN_INDEX);
        }
        Keypair keypair = entry.keypair;
        if (keypair == null || keypair.expired(now)) {
            return drop(Drop.EXPIRED_SESSION);
        }
        long counter = Messages.int64(buffer, offset + Messages.TRANSPORT_COUNTER);
        if (Long.compareUnsigned(counter, Protocol.REJECT_AFTER_MESSAGES) >= 0) {
            return drop(Drop.COUNTER_EXHAUSTED);
        }
        OpenJob job = idle.pollFirst();
        if (job == null) {
            job = new OpenJob();
        }
        int header = Messages.TRANSPORT_HEADER_BYTES;
        job.start(keypair, buffer, offset + header, length - header, counter, from, ecn);
        return job;
    }

    boolean complete(OpenJob job, long now) {
        Keypair keypair = job.finish();
        idle.addLast(job);
        Peer peer = keypair.peer;
        if (peer.removed) {
            return refuse(Drop.PEER_REMOVED);
        }
        if (!job.genuine()) {
            return refuse(Drop.FORGED_TRANSPORT);
        }
        if (!keypair.replay.accept(job.counter())) {
            return refuse(Drop.REPLAYED);
        }
        // Before the inner checks: who holds the keys has moved, whatever it sends.
        peer.heardFrom(job.from(), parts.roaming);
        if (peer.keypairs.confirm(keypair)) {
            peer.clearInitiating(false);
            peer.handshakeComplete(now);
        }
        peer.rekeyOnReceiving(now);
        peer.authenticatedPacketReceived(Messages.TRANSPORT_HEADER_BYTES + job.length(), now);
        int length = job.length() - Aead.TAG_BYTES;
        if (length == 0) {
            return false;
        }
        peer.timers.dataReceived(now);
        return checkInner(job, peer, length);
    }

    private boolean checkInner(OpenJob job, Peer peer, int length) {
        byte[] buffer = job.array();
        int offset = job.offset();
        int claimed = InnerPacket.checkedLength(buffer, offset, length);
        if (claimed == 0) {
            return refuse(Drop.INNER_MALFORMED);
        }
        int source = InnerPacket.sourceOffset(buffer, offset);
        if (parts.allowedIps.lookup(buffer, source, InnerPacket.addressBytes(buffer, offset)) != peer) {
            return refuse(Drop.SOURCE_NOT_ALLOWED);
        }
        if (!InnerPacket.decapsulateEcn(buffer, offset, job.outerEcn())) {
            return refuse(Drop.CONGESTED);
        }
        job.trim(claimed);
        return true;
    }

    private @Nullable OpenJob drop(Drop reason) {
        parts.drops.count(reason);
        return null;
    }

    private boolean refuse(Drop reason) {
        parts.drops.count(reason);
        return false;
    }
}
