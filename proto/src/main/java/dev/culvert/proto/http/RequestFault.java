package dev.culvert.proto.http;

/// Why a request is refused; one counter each. The connection is closed after the answer.
public enum RequestFault {
    /// Version 0, or a number no version has.
    VERSION_MALFORMED(400),
    /// Not HTTP/1.0 or HTTP/1.1, as text says it, nor HTTP/2 or HTTP/3, as frames do.
    VERSION_UNSUPPORTED(505),
    /// Not a token, or over 32 chars.
    METHOD_MALFORMED(400),
    METHOD_CONNECT(405),
    /// TRACE, or TRACK, its kin.
    METHOD_TRACE(405),
    /// Extended CONNECT to something else than WebSocket.
    PROTOCOL_UNSUPPORTED(501),

    TARGET_TOO_LONG(414),
    /// A control, a space, `#`, `\` or a byte beyond ASCII.
    TARGET_CHARACTER(400),
    /// Neither a path nor an http(s) URI, nor `*` with OPTIONS.
    TARGET_FORM(400),
    /// A `%` in the path without two hexadecimal digits, or `%00`.
    TARGET_ESCAPE(400),
    /// A segment `.;…` or `..;…`, or on a guarded listener an escape that servers read differently.
    TARGET_AMBIGUOUS(400),

    /// More fields than the policy allows.
    FIELDS_TOO_MANY(431),
    /// More bytes of fields than the policy allows.
    FIELDS_TOO_LONG(431),
    /// Not a token.
    FIELD_NAME(400),
    /// An underscore, where the policy refuses it.
    FIELD_UNDERSCORE(400),
    /// A control other than tab: NUL, bare CR or LF, what is left of a folded line.
    FIELD_VALUE(400),
    /// A second Authorization or Content-Type.
    FIELD_REPEATED(400),
    /// More than 16 names in Connection.
    NOMINATIONS(400),

    HOST_MISSING(400),
    HOST_REPEATED(400),
    /// Userinfo, path, comma, space, empty name, bad port: not `name[:port]`.
    HOST_MALFORMED(400),
    /// The target names another authority than Host.
    HOST_MISMATCH(400),

    /// Not digits, or above 2^63 - 1.
    LENGTH_MALFORMED(400),
    /// A second one, be it the same.
    LENGTH_REPEATED(400),
    /// Content-Length beside Transfer-Encoding.
    LENGTH_AND_ENCODING(400),
    /// Not exactly `chunked`.
    ENCODING_MALFORMED(400),
    ENCODING_REPEATED(400),
    /// Transfer-Encoding in HTTP/1.0.
    ENCODING_IN_1_0(400),
    /// Not exactly `100-continue`.
    EXPECTATION(417);

    private final int status;

    RequestFault(int status) {
        this.status = status;
    }

    /// The status code to answer with.
    public int status() {
        return status;
    }
}
