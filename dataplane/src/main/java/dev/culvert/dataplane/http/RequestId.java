package dev.culvert.dataplane.http;

import io.netty.util.AsciiString;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/// The name of one request in logs, at the target and in an error that a visitor reports. A visitor's own is replaced:
/// who could choose it could write into other people's log entries.
final class RequestId {
    static final AsciiString FIELD = AsciiString.cached("X-Request-Id");

    private static final HexFormat HEX = HexFormat.of();

    private RequestId() {}

    /// 16 hex digits: to tell requests apart, not to keep anything secret.
    static String next() {
        return HEX.toHexDigits(ThreadLocalRandom.current().nextLong());
    }
}
