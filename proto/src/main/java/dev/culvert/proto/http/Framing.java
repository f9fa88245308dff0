package dev.culvert.proto.http;

/// How a message says where its body ends.
public enum Framing {
    /// There is no body.
    NONE,
    /// Content-Length.
    LENGTH,
    /// Transfer-Encoding: chunked.
    CHUNKED,
    /// The connection ends with it; responses only.
    UNTIL_CLOSE
}
