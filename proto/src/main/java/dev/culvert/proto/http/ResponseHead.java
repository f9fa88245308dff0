package dev.culvert.proto.http;

/// A response head that a codec has split; nothing in it has been judged.
public interface ResponseHead extends Fields {
    /// The status code.
    int status();

    /// 1 in `HTTP/1.0`.
    int majorVersion();

    /// 0 in `HTTP/1.0`.
    int minorVersion();
}
