package dev.culvert.proto.proxyprotocol.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Builds header bytes by hand, so that no test depends on the writer under test.
public final class Bytes {
    /// 203.0.113.7:1234 to 192.0.2.1:443, the address block of the reference vectors.
    public static final String TCP4 = "cb007107 c0000201 04d2 01bb";

    /// 2001:db8::1 to 2001:db8::2, the same ports.
    public static final String TCP6 = "20010db8000000000000000000000001 20010db8000000000000000000000002 04d2 01bb";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Bytes() {}

    /// The signature of version 2, then `hex`.
    public static Bytes v2(String hex) {
        return new Bytes().hex("0D0A0D0A000D0A515549540A").hex(hex);
    }

    public static Bytes line(String text) {
        return new Bytes().text(text);
    }

    public Bytes hex(String hex) {
        out.writeBytes(HexFormat.of().parseHex(hex.replace(" ", "")));
        return this;
    }

    public Bytes text(String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /// `count` times `value`.
    public Bytes fill(int count, int value) {
        for (int i = 0; i < count; i++) {
            out.write(value);
        }
        return this;
    }

    /// A TLV of `length` bytes `value`.
    public Bytes tlv(int type, int length, int value) {
        out.write(type);
        out.write(length >> 8);
        out.write(length);
        return fill(length, value);
    }

    public byte[] array() {
        return out.toByteArray();
    }

    public ByteBuffer buffer() {
        return ByteBuffer.wrap(array());
    }
}
