package dev.culvert.model;

/// How a target learns the visitor's address.
public enum ClientAddress {
    /// Not at all (tcp and udp only).
    NONE("none"),
    /// By `X-Forwarded-For` and `Forwarded` (http only).
    HEADERS("headers"),
    /// By a PROXY protocol version 1 line before the first byte; not with udp.
    PROXY_V1("proxy-v1"),
    /// By a PROXY protocol version 2 header before the first byte, or in each datagram.
    PROXY_V2("proxy-v2"),
    /// By the source address of the connection or datagram itself: a Culvert site speaks to it in the visitor's name.
    TRANSPARENT("transparent");

    private final String word;

    ClientAddress(String word) {
        this.word = word;
    }

    /// What a service does that does not say.
    public static ClientAddress defaultFor(Target.Scheme scheme) {
        return scheme.isHttp() ? HEADERS : NONE;
    }

    @Override
    public String toString() {
        return word;
    }
}
