package dev.culvert.proto.inet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Reads and writes big-endian integers in a byte array: the order of every header field here.
public final class NetworkOrder {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private NetworkOrder() {}

    /// The byte at `offset`, 0..255.
    public static int u8(byte[] bytes, int offset) {
        return bytes[offset] & 0xff;
    }

    /// The 16-bit field at `offset`, 0..65535.
    public static int u16(byte[] bytes, int offset) {
        return (short) SHORT.get(bytes, offset) & 0xffff;
    }

    /// The 32-bit field at `offset`, as the bits stand.
    public static int i32(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset);
    }

    /// The 64-bit field at `offset`, as the bits stand.
    public static long i64(byte[] bytes, int offset) {
        return (long) LONG.get(bytes, offset);
    }

    public static void put8(byte[] bytes, int offset, int value) {
        bytes[offset] = (byte) value;
    }

    public static void put16(byte[] bytes, int offset, int value) {
        SHORT.set(bytes, offset, (short) value);
    }

    public static void put32(byte[] bytes, int offset, int value) {
        INT.set(bytes, offset, value);
    }

    public static void put64(byte[] bytes, int offset, long value) {
        LONG.set(bytes, offset, value);
    }
}
