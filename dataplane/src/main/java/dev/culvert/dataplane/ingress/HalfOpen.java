package dev.culvert.dataplane.ingress;

import dev.culvert.model.decide.VisitorUnit;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/// The handshakes of one UDP socket that are not over, which strangers can begin with one datagram each. On its loop.
final class HalfOpen {
    // From here on who begins has to show first that it hears what is sent to its address (RFC 9000 §8.1.2).
    private static final int CROWDED = 64;
    private static final int CROWDED_UNIT = 16;
    private static final int MOST = 1000;
    private static final int MOST_UNIT = 32;

    private final int crowded = Integer.getInteger("culvert.quic.crowded", CROWDED);
    private final Map<VisitorUnit, Integer> byUnit = new HashMap<>();
    private int total;

    void begin(InetAddress from) {
        total++;
        byUnit.merge(VisitorUnit.of(from), 1, Integer::sum);
    }

    void end(InetAddress from) {
        total--;
        byUnit.computeIfPresent(VisitorUnit.of(from), (_, count) -> count == 1 ? null : count - 1);
    }

    /// Whether who comes from there must prove it.
    boolean isCrowded(InetAddress from) {
        return total >= crowded || of(from) >= CROWDED_UNIT;
    }

    /// Whether there is no room even for who has proved it.
    boolean isFull(InetAddress from) {
        return total >= MOST || of(from) >= MOST_UNIT;
    }

    private int of(InetAddress from) {
        return byUnit.getOrDefault(VisitorUnit.of(from), 0);
    }

    int total() {
        return total;
    }
}
