package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// TAI64N labels: 12 big-endian bytes, 2^62 + 10 + Unix seconds and nanoseconds.
///
/// Nanoseconds are rounded down to 2^24 (some 17 ms): the label goes to strangers who hold our public key, and
/// shall not tell them about our interrupts.
final class Tai64n {
    static final int BYTES = 12;

    private static final long BASE = (1L << 62) + 10;
    private static final int WHITENING = (1 << 24) - 1;
    private static final VarHandle BE64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle BE32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private Tai64n() {}

    /// The whitened label of a time in nanoseconds since the Unix epoch.
    static byte[] of(long unixNanos) {
        byte[] label = new byte[BYTES];
        BE64.set(label, 0, BASE + Math.floorDiv(unixNanos, Protocol.SECOND));
        BE32.set(label, 8, (int) Math.floorMod(unixNanos, Protocol.SECOND) & ~WHITENING);
        return label;
    }

    /// The label of that time, or the one right after `last` if time has not come that far.
    static byte[] after(byte[] last, long unixNanos) {
        byte[] label = of(unixNanos);
        return compare(label, last) > 0 ? label : successor(last);
    }

    static int compare(byte[] a, byte[] b) {
        return Arrays.compareUnsigned(a, b);
    }

    private static byte[] successor(byte[] label) {
        byte[] next = label.clone();
        int nanos = (int) BE32.get(label, 8) + 1;
        if (nanos >= 0 && nanos < Protocol.SECOND) {
            BE32.set(next, 8, nanos);
        } else {
            BE64.set(next, 0, (long) BE64.get(label, 0) + 1);
            BE32.set(next, 8, 0);
        }
        return next;
    }
}
