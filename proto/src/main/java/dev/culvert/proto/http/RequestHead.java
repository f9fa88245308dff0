package dev.culvert.proto.http;

/// A request head that a codec has split; nothing in it has been judged.
public interface RequestHead extends Fields {
    /// The method as it stood in the request line.
    CharSequence method();

    /// The request target as it stood in the request line.
    String target();

    /// 1 in `HTTP/1.0`.
    int majorVersion();

    /// 0 in `HTTP/1.0`.
    int minorVersion();
}
