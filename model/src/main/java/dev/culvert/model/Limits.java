package dev.culvert.model;

/// How many connections a node takes from visitors, and how it refuses more.
///
/// @param total most connections at once over all addresses, at least 1
/// @param perAddress most connections at once from one IPv4 address or IPv6 /64, at least 1
/// @param perSecond new connections a second from one of these in the long run, 0 for any
/// @param burst how many may come at once before `perSecond` bites, at least 1
/// @param refusal what becomes of who is refused before its service is known
public record Limits(int total, int perAddress, int perSecond, int burst, Refusal refusal) {
    /// As many connections of one address as a crowd behind one NAT may need, as fast as it likes: who refuses the
    /// tenth page of a family is worse than who serves an attacker that the other two bounds hold anyway.
    public static final Limits DEFAULT = new Limits(20_000, 1_024, 0, 1);

    public Limits {
        if (total < 1 || perAddress < 1 || perSecond < 0 || burst < 1) {
            throw new IllegalArgumentException("limits: " + total + ", " + perAddress + ", " + perSecond + ", " + burst
                    + " (expected: at least 1, 1, 0, 1)");
        }
    }

    /// Limits of a node that closes what it refuses.
    public Limits(int total, int perAddress, int perSecond, int burst) {
        this(total, perAddress, perSecond, burst, Refusal.CLOSE);
    }

    void settings(Settings out) {
        out.putUnless("limits.connections", DEFAULT.total, total)
                .putUnless("limits.connections-per-visitor", DEFAULT.perAddress, perAddress);
        if (perSecond > 0) {
            out.put("limits.rate", perSecond + "/s").putUnless("limits.burst", perSecond, burst);
        }
        out.putUnless("limits.refuse", Refusal.CLOSE, refusal);
    }
}
