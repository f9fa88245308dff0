package dev.culvert.dataplane.tls;

import java.io.ByteArrayOutputStream;

/// The little of DER (X.690) that certificates and keys of our own making need.
public final class Der {
    private Der() {}

    /// Tag, length and contents, of at most 65,535 bytes (X.690 §8.1).
    public static byte[] of(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(length + 4);
        out.write(tag);
        if (length >= 0x100) {
            out.write(0x82);
            out.write(length >> 8);
        } else if (length >= 0x80) {
            out.write(0x81);
        }
        out.write(length);
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
