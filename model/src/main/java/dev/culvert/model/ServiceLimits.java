package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// What one service gives, to each visitor (an IPv4 address or IPv6 /64) and to all of them together.
///
/// @param perVisitor most connections (HTTP: requests) of one visitor at once, 0 for any
/// @param totalRate how often all visitors together may connect (HTTP: ask); null for any
/// @param bandwidth bytes a second to one visitor, and as many from it; 0 for any
/// @param totalBandwidth bytes a second to all visitors together, and as many from them; 0 for any
/// @param refusal what becomes of a connection that is refused; HTTP answers
public record ServiceLimits(
        int perVisitor, @Nullable Rate totalRate, long bandwidth, long totalBandwidth, Refusal refusal) {
    public static final ServiceLimits NONE = new ServiceLimits(0, null, 0, 0, Refusal.CLOSE);

    /// Whether it bounds bytes a second.
    public boolean hasBandwidth() {
        return bandwidth > 0 || totalBandwidth > 0;
    }

    void settings(Settings out) {
        out.putUnless("access.connections", 0, perVisitor);
        Rate often = totalRate;
        if (often != null) {
            out.put("access.total-rate", often).putUnless("access.total-burst", often.events(), often.burst());
        }
        if (bandwidth > 0) {
            out.put("access.bandwidth", ByteSize.format(bandwidth) + "/s");
        }
        if (totalBandwidth > 0) {
            out.put("access.total-bandwidth", ByteSize.format(totalBandwidth) + "/s");
        }
        out.putUnless("access.refuse", Refusal.CLOSE, refusal);
    }
}
