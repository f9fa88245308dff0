package dev.culvert.proto.http;

import org.jspecify.annotations.Nullable;

/// A request head that a codec has split; nothing in it has been judged.
public interface RequestHead extends Fields {
    /// The method as it stood in the request line.
    CharSequence method();

    /// The request target as it stood in the request line.
    String target();

    /// 1 in `HTTP/1.0`.
    int majorVersion();

    /// 0 in `HTTP/1.0`, and in HTTP/2 and HTTP/3.
    int minorVersion();

    /// Whether frames carried it and not text: HTTP/2 or HTTP/3, whose syntax (RFC 9113 §8, RFC 9114 §4) its codec has
    /// checked. Authority and Host are one field here.
    default boolean isFramed() {
        return false;
    }

    /// Framed: whether the stream goes on behind the head.
    default boolean bodyFollows() {
        return false;
    }

    /// Framed: what extended CONNECT (RFC 8441 §4) asks for; the method is GET then. Null for all others.
    default @Nullable CharSequence protocol() {
        return null;
    }
}
