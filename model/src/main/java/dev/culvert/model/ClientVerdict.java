package dev.culvert.model;

/// Whether a gateway's word "this is the visitor's address" can be true, and if not, why.
public enum ClientVerdict {
    /// It comes from the internet, or `clients:` names it.
    ALLOWED,
    /// `0.0.0.0`, `::`.
    UNSPECIFIED,
    /// 127.0.0.0/8, `::1`.
    LOOPBACK,
    /// 169.254.0.0/16, fe80::/10.
    LINK_LOCAL,
    /// RFC 1918, RFC 4193, fec0::/10.
    PRIVATE,
    /// 100.64.0.0/10, RFC 6598.
    CARRIER_NAT,
    /// 224.0.0.0/4, ff00::/8.
    MULTICAST,
    /// 0.0.0.0/8, 240.0.0.0/4 with the broadcast address, ::/8.
    RESERVED,
    /// An address of the tunnel itself.
    TUNNEL,
    /// An address of this very machine.
    OWN;

    public boolean isAllowed() {
        return this == ALLOWED;
    }
}
