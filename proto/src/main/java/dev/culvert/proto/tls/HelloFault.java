package dev.culvert.proto.tls;

/// Why the first bytes of a connection are not a ClientHello that has one meaning.
public enum HelloFault {
    /// A request of HTTP without TLS.
    PLAIN_HTTP,
    /// The first record is none of a handshake (RFC 8446 §5.1): another protocol, or SSL 2.
    NOT_TLS,
    /// A record of another major version.
    RECORD_VERSION,
    /// A record that is empty or longer than 2^14 bytes (RFC 8446 §5.1).
    RECORD_LENGTH,
    /// The message is spread over more records than any client needs.
    TOO_MANY_RECORDS,
    /// A handshake, but not its beginning.
    NOT_CLIENT_HELLO,
    /// A message of more than [ClientHelloParser#MAX_MESSAGE] bytes.
    TOO_LONG,
    /// Something follows the message within its last record (RFC 8446 §5.1).
    TRAILING_BYTES,
    /// A length that leads out of what contains it, or leaves a rest.
    BAD_LENGTH,
    /// The same extension twice (RFC 8446 §4.2).
    DUPLICATE_EXTENSION,
    /// A server name that is empty, an address, or no name (RFC 6066 §3).
    BAD_SERVER_NAME,
    /// Several server names.
    TWO_SERVER_NAMES,
    /// An empty protocol name or list of them (RFC 7301 §3.1).
    BAD_ALPN
}
