package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.Drop;
import dev.culvert.proto.wireguard.SealJob;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.nio.ByteBuffer;

/// Packets from inside on their way out: gathered as long as a crew helps to seal them, else one at a time; then sent
/// in
/// the order in which they came. Owned by the tunnel loop.
final class OutgoingBatch {
    // Enough for a crew, and few enough to stay in the cache of a core.
    private static final int MOST = 128;
    private static final int GATHERED_BYTES = 256 << 10;

    // Transport header and tag around the largest packet, and the padding before sealing (wireguard paper, 5.4.6).
    private static final int HEADROOM = 16;
    private static final int TAILROOM = 64;

    private final WireGuardDevice device;
    private final Inside inside;
    private final CipherCrew crew;
    private final int most;
    private final int room;
    private final SealJob[] jobs;
    private final ByteBuffer packets;
    private int count;
    private int sent;

    OutgoingBatch(WireGuardDevice device, Inside inside, CipherCrew crew, int mtu) {
        this.device = device;
        this.inside = inside;
        this.crew = crew;
        most = crew.hasHelpers() ? MOST : 1;
        room = HEADROOM + mtu + TAILROOM;
        jobs = new SealJob[most];
        packets = ByteBuffer.allocate(crew.hasHelpers() ? Math.max(room, GATHERED_BYTES) : room);
    }

    /// Takes packets from inside, as many as there is room for, and seals them; call it when all have been sent.
    ///
    /// @return how many it took; some of them may have been dropped
    int fill(long now) {
        count = 0;
        sent = 0;
        try {
            return gather(now);
        } finally {
            seal(now);
        }
    }

    private int gather(long now) {
        int taken = 0;
        int at = 0;
        while (count < most && packets.capacity() - at >= room) {
            packets.clear().position(at + HEADROOM);
            if (!inside.pollTransmit(packets, now)) {
                break;
            }
            taken++;
            SealJob job = device.encapsulate(packets, now);
            if (job != null) {
                jobs[count++] = job;
                at = packets.limit() + TAILROOM;
            } else {
                Drop reason = device.lastDrop();
                if (reason == Drop.NO_PEER || reason == Drop.NO_ENDPOINT) {
                    inside.unreachable(packets, now);
                }
                if (taken >= most) {
                    break;
                }
            }
        }
        return taken;
    }

    private void seal(long now) {
        int gathered = count;
        count = 0;
        crew.run(jobs, gathered);
        for (int i = 0; i < gathered; i++) {
            if (device.complete(jobs[i], now)) {
                jobs[count++] = jobs[i];
            }
        }
    }

    /// @return false if the socket is full: what is left waits
    boolean send(UdpPort port) {
        while (sent < count) {
            SealJob job = jobs[sent++];
            if (!port.send(job.datagram(), job.endpoint(), job.ecn())) {
                sent--;
                return false;
            }
        }
        return true;
    }
}
