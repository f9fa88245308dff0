package dev.culvert.proto.http;

/// Why an upstream server's response is refused; one counter each. The visitor gets 502, the upstream connection is
/// closed.
public enum ResponseFault {
    /// Not HTTP/1.0 or HTTP/1.1.
    VERSION,
    /// Not 100..599.
    STATUS,
    FIELDS_TOO_MANY,
    FIELDS_TOO_LONG,
    /// Not a token.
    FIELD_NAME,
    /// A control other than tab.
    FIELD_VALUE,
    /// More than 16 names in Connection.
    NOMINATIONS,
    /// Not digits, or above 2^63 - 1.
    LENGTH_MALFORMED,
    /// A second one, be it the same.
    LENGTH_REPEATED,
    LENGTH_AND_ENCODING,
    /// Not exactly one `chunked`, or in HTTP/1.0.
    ENCODING,
    /// 1xx or 204 that announces a body.
    BODY_FORBIDDEN,
    /// 101 without a request for it.
    SWITCH_UNASKED,
    /// 101 to something else than WebSocket, or with a wrong Sec-WebSocket-Accept.
    SWITCH_MALFORMED,
    /// More than 8 interim responses.
    INTERIM_FLOOD
}
