package dev.culvert.control.doctor;

import dev.culvert.dataplane.tunnel.TunnelDriver;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.TreeMap;

/// Whether packets of full size pass the tunnel. Where small ones pass and large ones vanish, connections stand and
/// then hang: a black hole.
final class EchoCheck implements Check {
    private static final long MILLIS = 1_500;
    private static final int SMALL = 56;
    private static final int[] SIZES = {1280, 1320, 1360, 1400, 1420, 1440};
    // IPv4 and ICMP, IPv6 and ICMPv6.
    private static final int HEADERS4 = 28;
    private static final int HEADERS6 = 48;

    private final TunnelDriver tunnel;
    private final String peer;
    private final InetAddress address;
    private final int mtu;

    EchoCheck(TunnelDriver tunnel, String peer, InetAddress address, int mtu) {
        this.tunnel = tunnel;
        this.peer = peer;
        this.address = address;
        this.mtu = mtu;
    }

    @Override
    public String name() {
        return peer + ": MTU";
    }

    @Override
    public Finding run() {
        Future<Long> small = tunnel.ping(address, SMALL, MILLIS);
        Map<Integer, Future<Long>> bySize = new TreeMap<>();
        for (int size : SIZES) {
            if (size < mtu) {
                bySize.put(size, ping(size));
            }
        }
        Future<Long> full = ping(mtu);
        long nanos;
        try {
            nanos = Answers.of(small, MILLIS + 200);
        } catch (IOException e) {
            return Finding.unknown(name(), "no echo comes back at all");
        }
        if (Answers.came(full, MILLIS + 200)) {
            return Finding.ok(name(), "packets of %d bytes pass, %.1f ms".formatted(mtu, nanos / 1e6));
        }
        int largest = bySize.entrySet().stream()
                .filter(entry -> entry.getValue().isSuccess())
                .mapToInt(Map.Entry::getKey)
                .max()
                .orElse(0);
        return Finding.broken(
                name(),
                "MTU black hole: small packets pass, those of " + mtu + " bytes vanish on the way"
                        + (largest == 0 ? "; so do those of " + SIZES[0] : "; those of " + largest + " pass"),
                largest == 0
                        ? "the network between the two carries no 1280 bytes in a tunnel: mend it, or dial over another"
                        : "write tunnel: {mtu: " + largest + "} into the files of both ends, and restart them");
    }

    private Future<Long> ping(int packet) {
        int headers = address.getAddress().length == 4 ? HEADERS4 : HEADERS6;
        return tunnel.ping(address, packet - headers, MILLIS);
    }
}
