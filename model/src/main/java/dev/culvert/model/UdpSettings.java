package dev.culvert.model;

/// What bounds the flows of a service of datagrams. A flow is what one visitor's address and port sends to one port.
///
/// @param idleSeconds how long a flow may be silent whose visitor has proven its address
/// @param flows most flows at once
/// @param flowsPerVisitor most of them from one IPv4 address or IPv6 /64
/// @param replyLimit how many times the bytes that came may go back before the visitor has proven its address; 0 for
///     any number
public record UdpSettings(int idleSeconds, int flows, int flowsPerVisitor, int replyLimit) {
    /// attacks.md UD-01; RFC 9000 §8 limits QUIC to the same three times.
    public static final UdpSettings DEFAULT = new UdpSettings(60, 4096, 256, 3);

    /// What a site keeps a flow of its gateways for: longer than any gateway does.
    public static final int MAX_IDLE = 300;

    void settings(Settings out) {
        out.putUnless("udp.idle", DEFAULT.idleSeconds, idleSeconds)
                .putUnless("udp.flows", DEFAULT.flows, flows)
                .putUnless("udp.flows-per-visitor", DEFAULT.flowsPerVisitor, flowsPerVisitor)
                .putUnless("udp.reply-limit", Integer.toString(DEFAULT.replyLimit), limit());
    }

    private String limit() {
        return replyLimit == 0 ? "off" : Integer.toString(replyLimit);
    }
}
