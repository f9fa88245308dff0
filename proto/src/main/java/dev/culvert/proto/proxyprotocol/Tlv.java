package dev.culvert.proto.proxyprotocol;

import java.nio.ByteBuffer;
import java.util.List;

/// One type-length-value field of a version 2 header. Types may repeat, values are binary.
///
/// @param type 0..255; see the constants
/// @param value a copy of its own, read-only; each call returns a new view of all of it, 0..65535 bytes
public record Tlv(int type, ByteBuffer value) {
    public static final int ALPN = 0x01;
    /// The host name the client asked for (SNI), UTF-8, at most 255 bytes.
    public static final int AUTHORITY = 0x02;
    /// Belongs to the encoding: checked and dropped by the parser, added by the writer, never in a [ProxyHeader].
    public static final int CRC32C = 0x03;
    /// Padding; belongs to the encoding as well.
    public static final int NOOP = 0x04;
    /// At most 128 bytes.
    public static final int UNIQUE_ID = 0x05;
    /// Holds fields of its own: see [SslInfo].
    public static final int SSL = 0x20;
    public static final int SSL_VERSION = 0x21;
    public static final int SSL_CN = 0x22;
    public static final int SSL_CIPHER = 0x23;
    public static final int SSL_SIG_ALG = 0x24;
    public static final int SSL_KEY_ALG = 0x25;
    public static final int SSL_GROUP = 0x26;
    public static final int SSL_SIG_SCHEME = 0x27;
    public static final int SSL_CLIENT_CERT = 0x28;
    public static final int NETNS = 0x30;

    /// The first and the last type that everyone may give a meaning of their own.
    static final int FIRST_CUSTOM = 0xe0;

    static final int LAST_CUSTOM = 0xef;
    /// Type and length.
    static final int HEADER = 3;

    public Tlv {
        if (type < 0 || type > 0xff || value.remaining() > 0xffff) {
            throw new IllegalArgumentException("TLV " + type + " of " + value.remaining() + " bytes");
        }
        value = ByteBuffer.allocate(value.remaining())
                .put(value.duplicate())
                .flip()
                .asReadOnlyBuffer();
    }

    public static Tlv of(int type, byte[] value) {
        return new Tlv(type, ByteBuffer.wrap(value));
    }

    /// Whether it says something of the visitor that holds wherever the connection is passed on to. What belongs to one
    /// header or one machine (CRC32C, NOOP, NETNS), is custom, experimental or of the future does not.
    public boolean isOfVisitor() {
        return switch (type) {
            case ALPN, AUTHORITY, UNIQUE_ID, SSL -> true;
            default -> false;
        };
    }

    /// Those of `all` that are of the visitor, in their order.
    public static List<Tlv> ofVisitor(List<Tlv> all) {
        return all.stream().filter(Tlv::isOfVisitor).toList();
    }

    @Override
    public ByteBuffer value() {
        return value.duplicate();
    }
}
