package dev.culvert.proto.proxyprotocol;

import java.nio.ByteBuffer;

/// The first bytes of both versions.
final class Signature {
    /// Version 1; the byte after it is the first of the family's name.
    static final int LINE_LENGTH = 6;

    static final int BINARY_LENGTH = 12;

    private static final byte[] LINE = {'P', 'R', 'O', 'X', 'Y', ' '};
    private static final byte[] BINARY = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

    private Signature() {}

    static void putLine(ByteBuffer out) {
        out.put(LINE);
    }

    static void putBinary(ByteBuffer out) {
        out.put(BINARY);
    }

    /// Whether the bytes from `in`'s position begin with the signature of version 1, as far as they go.
    static boolean mayBeLine(ByteBuffer in) {
        return agrees(in, LINE);
    }

    /// Likewise for version 2.
    static boolean mayBeBinary(ByteBuffer in) {
        return agrees(in, BINARY);
    }

    private static boolean agrees(ByteBuffer in, byte[] signature) {
        int length = Math.min(in.remaining(), signature.length);
        for (int i = 0; i < length; i++) {
            if (in.get(in.position() + i) != signature[i]) {
                return false;
            }
        }
        return true;
    }
}
