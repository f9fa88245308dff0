package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The four messages (paper §5.4): types, sizes, and the offsets of their fields. Integers are little-endian.
///
/// A message is its type *and* its size, checked in one step; after that no field can lie outside.
final class Messages {
    static final int INITIATION = 1;
    static final int RESPONSE = 2;
    static final int COOKIE_REPLY = 3;
    static final int TRANSPORT = 4;
    static final int NONE = 0;

    static final int INITIATION_BYTES = 148;
    static final int RESPONSE_BYTES = 92;
    static final int COOKIE_REPLY_BYTES = 64;

    static final int INITIATION_SENDER = 4;
    static final int INITIATION_EPHEMERAL = 8;
    static final int INITIATION_STATIC = 40;
    static final int INITIATION_TIMESTAMP = 88;

    static final int RESPONSE_SENDER = 4;
    static final int RESPONSE_RECEIVER = 8;
    static final int RESPONSE_EPHEMERAL = 12;
    static final int RESPONSE_EMPTY = 44;

    static final int COOKIE_REPLY_RECEIVER = 4;
    static final int COOKIE_REPLY_NONCE = 8;
    static final int COOKIE_REPLY_COOKIE = 32;

    static final int TRANSPORT_RECEIVER = 4;
    static final int TRANSPORT_COUNTER = 8;
    static final int TRANSPORT_HEADER_BYTES = 16;
    static final int TRANSPORT_MIN_BYTES = TRANSPORT_HEADER_BYTES + Aead.TAG_BYTES;

    /// mac1 and mac2 stand at the end of both handshake messages.
    static final int MAC_BYTES = 16;

    private static final VarHandle LE32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LE64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Messages() {}

    /// The type of the `length` bytes at `offset`, or [#NONE]. The three reserved bytes are part of the type.
    static int type(byte[] buffer, int offset, int length) {
        if (length < TRANSPORT_MIN_BYTES) {
            return NONE;
        }
        int type = int32(buffer, offset);
        boolean fits = switch (type) {
            case INITIATION -> length == INITIATION_BYTES;
            case RESPONSE -> length == RESPONSE_BYTES;
            case COOKIE_REPLY -> length == COOKIE_REPLY_BYTES;
            case TRANSPORT -> true;
            default -> false;
        };
        return fits ? type : NONE;
    }

    static int int32(byte[] buffer, int offset) {
        return (int) LE32.get(buffer, offset);
    }

    static void int32(byte[] buffer, int offset, int value) {
        LE32.set(buffer, offset, value);
    }

    static long int64(byte[] buffer, int offset) {
        return (long) LE64.get(buffer, offset);
    }

    static void int64(byte[] buffer, int offset, long value) {
        LE64.set(buffer, offset, value);
    }

    /// The header of a transport message; ciphertext and tag follow at `offset + 16`.
    static void transportHeader(byte[] buffer, int offset, int receiver, long counter) {
        LE32.set(buffer, offset, TRANSPORT);
        LE32.set(buffer, offset + TRANSPORT_RECEIVER, receiver);
        LE64.set(buffer, offset + TRANSPORT_COUNTER, counter);
    }

    /// Compares two ranges in a time that does not depend on where they differ.
    static boolean equal(byte[] a, int aOffset, byte[] b, int bOffset, int length) {
        int difference = 0;
        for (int i = 0; i < length; i++) {
            difference |= a[aOffset + i] ^ b[bOffset + i];
        }
        return difference == 0;
    }
}
