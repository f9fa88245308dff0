package dev.culvert.proto.proxyprotocol;

/// The two paths of a unix socket connection, one char (0..255) per byte, without trailing NULs.
///
/// They are for the record only: a path is no address to permit or ban, and its bytes are the sender's choice, so
/// whoever prints one escapes it.
///
/// @param source at most 108 bytes; begins with NUL for an abstract socket
/// @param destination likewise
public record UnixPaths(String source, String destination) {
    static final int BYTES = 108;

    public UnixPaths {
        check(source);
        check(destination);
    }

    private static void check(String path) {
        if (path.length() > BYTES || path.chars().anyMatch(c -> c > 0xff) || path.endsWith("\0")) {
            throw new IllegalArgumentException(
                    "unix path of " + path.length() + " bytes (expected: 0.." + BYTES + " bytes, not ending in NUL)");
        }
    }
}
