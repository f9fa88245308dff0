package dev.culvert.proto.proxyprotocol;

/// Whether a header speaks for somebody else.
public enum Command {
    /// The sender speaks for itself (a health check): the endpoints of the connection are the real ones.
    LOCAL,
    /// The sender relays the connection that the header describes.
    PROXY
}
