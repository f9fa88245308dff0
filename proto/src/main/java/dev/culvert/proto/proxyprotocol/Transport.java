package dev.culvert.proto.proxyprotocol;

/// The kind of connection a header describes.
public enum Transport {
    /// Unknown to the sender: the endpoints of the connection are the real ones.
    UNSPEC,
    TCP,
    UDP,
    /// A unix socket, stream or datagram.
    UNIX
}
