package dev.culvert.dataplane;

/// Ports inside the tunnel; no one outside it can reach them.
public final class Ports {
    /// At a site: connections of its gateways to targets (design, section 6, "The hop").
    public static final int HOP = 4510;

    /// At a site, of UDP: what belongs to flows of its gateways. Their requests come to [#HOP], of UDP as well.
    public static final int FLOWS = 4512;

    /// At a gateway: enrolment and the control channel of its sites.
    public static final int CONTROL = 4511;

    private Ports() {}
}
