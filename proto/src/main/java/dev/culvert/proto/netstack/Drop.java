package dev.culvert.proto.netstack;

/// Why something that arrived, or was to be sent, was dropped: one counter each in [Stack#drops].
public enum Drop {
    /// Neither a whole IPv4 nor a whole IPv6 packet.
    MALFORMED_IP,
    BAD_IP_CHECKSUM,
    /// A source that no packet may have: multicast, loopback, unspecified, reserved, mapped, or one of our own.
    MARTIAN_SOURCE,
    /// The destination is not one of our addresses.
    NOT_FOR_US,
    /// A piece of a packet that cannot be one: its length, its place or its end do not fit.
    BAD_FRAGMENT,
    /// A piece over another one (RFC 5722).
    OVERLAPPING_FRAGMENT,
    /// A piece of a packet of which another piece was refused.
    REFUSED_FRAGMENT,
    /// More pieces of one packet than are kept.
    FRAGMENTS_FULL,
    /// A packet of which pieces were missing for too long.
    FRAGMENTS_EXPIRED,
    /// An IPv6 extension header that is malformed, unknown, or one too many.
    EXTENSION_HEADER,
    UNKNOWN_PROTOCOL,
    MALFORMED_TCP,
    BAD_TCP_CHECKSUM,
    MALFORMED_UDP,
    BAD_UDP_CHECKSUM,
    MALFORMED_ICMP,
    BAD_ICMP_CHECKSUM,
    /// An ICMP message of no interest.
    IGNORED_ICMP,
    /// An ICMP error about a packet that no connection has in flight (RFC 5927 §4.1).
    UNRELATED_ICMP_ERROR,
    /// A TCP segment for no connection and no listener; answered with RST.
    NO_TCP_SOCKET,
    /// A UDP datagram for a port that nobody holds; answered with port unreachable.
    NO_UDP_SOCKET,
    /// A segment outside the receive window (RFC 9293 §3.10.7.4).
    OUT_OF_WINDOW,
    /// A timestamp older than the last one (PAWS, RFC 7323 §5).
    OLD_TIMESTAMP,
    /// No timestamp although timestamps were agreed (RFC 7323 §3.2).
    MISSING_TIMESTAMP,
    /// A RST that is in the window but not exactly next; answered with a challenge (RFC 5961 §3).
    INEXACT_RESET,
    /// A RST that arrived in TIME-WAIT (RFC 1337).
    TIME_WAIT_RESET,
    /// A SYN on a connection that stands; answered with a challenge (RFC 5961 §4).
    UNEXPECTED_SYN,
    /// An acknowledgment of what was never sent or is long gone (RFC 5961 §5).
    UNACCEPTABLE_ACK,
    /// A segment that had to carry ACK and did not.
    MISSING_ACK,
    /// Data for an application that has closed; answered with RST.
    DATA_AFTER_CLOSE,
    /// More gaps than the reassembly queue keeps.
    REASSEMBLY_FULL,
    /// No memory left for buffers.
    OUT_OF_MEMORY,
    /// A SYN beyond the limit of sockets.
    TOO_MANY_SOCKETS,
    /// A SYN of a host that has many connections already, where few more are left for all others.
    TOO_MANY_OF_ONE_HOST,
    /// A connection that its application had closed, and its peer had not: reset, since there were too many such.
    TOO_MANY_ORPHANS,
    /// A connection whose peer kept its window shut for long while memory was short, or one of many that fell silent:
    /// reset.
    STALLED,
    /// A connection of a host that keeps the windows of too many others shut: [TcpListener#mostStalled].
    TOO_MANY_STALLED,
    /// A SYN beyond the limit of half-open connections; answered, but nothing is kept of it (RFC 4987 §3.6).
    SYN_COOKIE,
    /// A SYN for a listener whose accept queue is full.
    ACCEPT_QUEUE_FULL,
    /// A SYN while the stack lets no connection begin: [Stack#acceptNew].
    NOT_ACCEPTING,
    /// A datagram for a UDP socket whose receive queue is full.
    UDP_QUEUE_FULL,
    /// A datagram to send that does not fit the MTU.
    TOO_LARGE,
    /// A RST, echo reply or ICMP error beyond what may wait to be sent.
    REPLY_QUEUE_FULL
}
