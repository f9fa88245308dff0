package dev.culvert.proto.netstack;

/// Why a connection ended other than by an orderly exchange of FINs.
public enum CloseReason {
    /// The peer answered our SYN with RST.
    REFUSED,
    /// The peer sent RST on a connection that stood.
    RESET,
    /// Retransmissions or keepalive probes went unanswered for too long.
    TIMED_OUT,
    /// A router or the peer said so by ICMP before the connection stood (RFC 5927 §4).
    UNREACHABLE,
    /// The peer kept its window shut while memory was short, or fell silent behind many that it kept so.
    STALLED,
    /// The application called `abort`, or closed with data unread.
    ABORTED
}
