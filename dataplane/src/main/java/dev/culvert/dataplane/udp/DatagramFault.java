package dev.culvert.dataplane.udp;

/// Why a datagram of a flow, or of somebody who would begin one, was dropped; one counter each, `udp.dropped.…`.
public enum DatagramFault {
    /// The service has as many flows as it may, and all of them have proven their visitors' addresses.
    SERVICE_FULL,
    /// The visitor has as many flows as it may, and uses them all.
    VISITOR_FULL,
    /// More would go back than the visitor may have before it has proven its address (attacks.md UD-01).
    REPLY_LIMIT,
    /// Faster than `access.bandwidth` or `total-bandwidth` of the service.
    BANDWIDTH,
    /// It comes from a port at which servers answer everything (echo, daytime, quotd, chargen), or from port 0: two
    /// of them would answer each other forever.
    SOURCE_PORT,
    /// Too large for one packet of the tunnel, or there is no room in a buffer.
    NOT_SENT,
    /// The node lets go of its visitors and takes no new ones.
    NOT_ACCEPTING,
    /// No way to any target: a site without an address of that family, a socket that could not be opened.
    NO_WAY,
    /// The site said no, or did not understand.
    SITE_REFUSED,
    /// It came to a flow from somebody who is not its other end.
    STRANGER,
    /// The site knows no flow that it belongs to; the gateway is told so.
    UNKNOWN_FLOW,
    /// It waited for the target's name to be looked up, and there were others already.
    WAITING_FULL;

    private final String counter = "udp.dropped." + name();

    /// The name of its counter.
    public String counter() {
        return counter;
    }
}
