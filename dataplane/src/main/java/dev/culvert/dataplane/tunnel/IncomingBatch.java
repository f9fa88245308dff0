package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.OpenJob;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/// Transport messages on their way in: gathered as long as a crew helps to open them, else one at a time; then handed
/// inside in the order in which they came. Owned by the tunnel loop.
final class IncomingBatch {
    // What one message of the kernel's holds at most (UDP_GRO), and some more.
    private static final int MOST = 128;

    private final WireGuardDevice device;
    private final Inside inside;
    private final CipherCrew crew;
    private final Pump pump;
    private final OpenJob[] jobs;
    private int count;

    IncomingBatch(WireGuardDevice device, Inside inside, CipherCrew crew, Pump pump) {
        this.device = device;
        this.inside = inside;
        this.crew = crew;
        this.pump = pump;
        jobs = new OpenJob[crew.hasHelpers() ? MOST : 1];
    }

    /// Takes a datagram, whose bytes stay until [#open].
    void add(ByteBuffer datagram, InetSocketAddress from, int ecn, long now) {
        OpenJob job = device.handleDatagram(datagram, from, ecn, now);
        if (job != null) {
            jobs[count++] = job;
            if (count == jobs.length) {
                open(now);
            }
        }
    }

    /// Opens what was gathered. A bug in one packet's way costs that packet.
    void open(long now) {
        int gathered = count;
        count = 0;
        crew.run(jobs, gathered);
        for (int i = 0; i < gathered; i++) {
            try {
                if (device.complete(jobs[i], now)) {
                    inside.handlePacket(jobs[i].packet(), now);
                }
            } catch (RuntimeException | Error e) {
                pump.failed(e);
            }
        }
    }
}
