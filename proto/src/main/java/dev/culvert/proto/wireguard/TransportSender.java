package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Transport messages out: finds the peer, pads, hands out the encryption or stages the packet (paper §5.4.6,
/// §6.1).
final class TransportSender {
    private static final int PADDING = 16;

    private final DeviceParts parts;
    private final ArrayDeque<SealJob> idle = new ArrayDeque<>();
    private int mtu = 1420;

    TransportSender(DeviceParts parts) {
        this.parts = parts;
    }

    void mtu(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("mtu: " + bytes + " (expected: > 0)");
        }
        mtu = bytes;
    }

    @Nullable
    SealJob encapsulate(ByteBuffer packet, long now) {
        byte[] array = packet.array();
        int offset = packet.arrayOffset() + packet.position();
        int length = InnerPacket.checkedLength(array, offset, packet.remaining());
        if (length == 0) {
            return drop(Drop.OUTGOING_MALFORMED);
        }
        int destination = InnerPacket.destinationOffset(array, offset);
        Peer peer = parts.allowedIps.lookup(array, destination, InnerPacket.addressBytes(array, offset));
        if (peer == null) {
            return drop(Drop.NO_PEER);
        }
        InetSocketAddress endpoint = peer.endpoint();
        if (endpoint == null) {
            return drop(Drop.NO_ENDPOINT);
        }
        Keypair keypair = peer.keypairs.sendable(now);
        // Packets that wait already go first, or this one would overtake them.
        if (keypair == null || !peer.staged.isEmpty()) {
            stage(peer, array, offset, length, keypair == null, now);
            return null;
        }
        int header = Messages.TRANSPORT_HEADER_BYTES;
        if (offset < header || array.length - offset - length < PADDING + Aead.TAG_BYTES) {
            throw new IllegalArgumentException(
                    "packet at " + offset + " of " + array.length + " (expected: 16 bytes before it, 32 behind)");
        }
        SealJob job = idle.pollFirst();
        if (job == null) {
            job = new SealJob();
        }
        int padded = pad(array, offset, length);
        job.start(keypair, endpoint, array, offset - header, padded, InnerPacket.ecn(array, offset));
        return job;
    }

    boolean complete(SealJob job, long now) {
        Keypair keypair = job.finish();
        idle.addLast(job);
        if (keypair.peer.removed) {
            drop(Drop.PEER_REMOVED);
            return false;
        }
        sent(keypair, job.length(), now);
        return true;
    }

    /// Writes the next staged packet, or the keepalive that is due.
    boolean transmit(Peer peer, Transmit out, long now) {
        Keypair keypair = peer.keypairs.sendable(now);
        InetSocketAddress endpoint = peer.endpoint();
        if (keypair == null || endpoint == null) {
            return false;
        }
        byte[] packet = peer.staged.poll();
        if (packet == null && !peer.wantsKeepalive) {
            return false;
        }
        byte[] array = out.array();
        int header = Messages.TRANSPORT_HEADER_BYTES;
        int padded = 0;
        int ecn = InnerPacket.NOT_ECT;
        if (packet != null) {
            if (header + packet.length + PADDING + Aead.TAG_BYTES > array.length) {
                throw new IllegalArgumentException(
                        "transmit buffer: " + array.length + " bytes (expected: >= " + (packet.length + 48) + ")");
            }
            System.arraycopy(packet, 0, array, header, packet.length);
            padded = pad(array, header, packet.length);
            ecn = InnerPacket.ecn(packet, 0);
        }
        long counter = keypair.sendCounter++;
        Messages.transportHeader(array, 0, keypair.remoteIndex, counter);
        keypair.sending.seal(counter, array, header, padded);
        int length = Messages.TRANSPORT_MIN_BYTES + padded;
        sent(keypair, length, now);
        out.set(length, endpoint, peer, ecn);
        return true;
    }

    private void stage(Peer peer, byte[] array, int offset, int length, boolean needsSession, long now) {
        peer.staged.add(array, offset, length);
        if (needsSession) {
            peer.requestInitiation(false, now);
        } else {
            parts.ready.add(peer);
        }
    }

    private void sent(Keypair keypair, int bytes, long now) {
        Peer peer = keypair.peer;
        peer.authenticatedPacketSent(bytes, now);
        if (bytes > Messages.TRANSPORT_MIN_BYTES) {
            peer.timers.dataSent(now);
        }
        if (keypair.wantsRekeyAfterSending(now)) {
            peer.requestInitiation(false, now);
        }
    }

    /// Zeros up to a multiple of 16 but not beyond the MTU; a packet above the MTU is padded as its last segment
    /// would be.
    ///
    /// @return the padded length
    private int pad(byte[] array, int offset, int length) {
        int last = length > mtu ? length % mtu : length;
        int padded = Math.min(mtu, (last + PADDING - 1) & -PADDING);
        int end = length + Math.max(padded - last, 0);
        Arrays.fill(array, offset + length, offset + end, (byte) 0);
        return end;
    }

    private @Nullable SealJob drop(Drop reason) {
        parts.drops.count(reason);
        return null;
    }
}
