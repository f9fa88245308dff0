package dev.culvert.model.decide;

/// How many connections a node takes.
///
/// @param total most connections at once over all addresses, at least 1
/// @param perAddress most connections at once from one IPv4 address or IPv6 /64, at least 1
/// @param perSecond new connections a second from one of these in the long run, 0 for any
/// @param burst how many may come at once before `perSecond` bites, at least 1
public record Limits(int total, int perAddress, int perSecond, int burst) {
    public static final Limits DEFAULT = new Limits(20_000, 256, 50, 200);

    public Limits {
        if (total < 1 || perAddress < 1 || perSecond < 0 || burst < 1) {
            throw new IllegalArgumentException("limits: " + total + ", " + perAddress + ", " + perSecond + ", " + burst
                    + " (expected: at least 1, 1, 0, 1)");
        }
    }
}
