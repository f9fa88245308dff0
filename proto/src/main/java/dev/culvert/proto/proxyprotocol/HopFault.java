package dev.culvert.proto.proxyprotocol;

/// Why bytes are no request or no reply of the hop; one counter each. A site answers each of the first group with
/// [HopCode#BAD_HEADER].
public enum HopFault {
    /// Not a PROXY header, or a malformed one.
    HEADER,
    /// A PROXY header without the hop's TLV, such as a stock load balancer's.
    NO_TARGET,
    /// A second one.
    SECOND_TARGET,
    /// A version of the hop that this site does not speak.
    REQUEST_VERSION,
    /// Neither VISITOR nor SHARED, or an announcement that does not exist or that SHARED cannot have.
    MODE,
    /// A network above 2^31 - 1.
    NETWORK,
    /// Neither TCP nor UDP.
    PROTOCOL,
    /// Port 0.
    PORT,
    /// Neither a name nor an address literal, or none.
    HOST,
    /// Addresses of another kind than mode and protocol want.
    FAMILY,

    /// Bytes that no site sends: something else listens there.
    REPLY_MAGIC,
    /// A version of the reply that this gateway does not speak.
    REPLY_VERSION,
    /// A code that does not exist.
    REPLY_CODE
}
