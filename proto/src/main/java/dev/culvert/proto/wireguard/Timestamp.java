package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HexFormat;

/// A TAI64N label as a value that can be kept: what an initiation carries, so that an old one is refused (paper
/// §5.4.2).
///
/// Peers choose what they send, so every value is possible.
///
/// @param seconds 2^62 + 10 + Unix seconds, unsigned
/// @param nanos unsigned; below 10^9 in those that we make
public record Timestamp(long seconds, int nanos) implements Comparable<Timestamp> {
    /// Before all others: that of a peer from which none was received.
    public static final Timestamp NONE = new Timestamp(0, 0);

    private static final VarHandle BE64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle BE32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final HexFormat HEX = HexFormat.of();

    /// Of a time in nanoseconds since the Unix epoch.
    public static Timestamp ofUnixNanos(long nanos) {
        return of(Tai64n.of(nanos));
    }

    /// Reads 24 hexadecimal digits.
    ///
    /// @throws IllegalArgumentException if `text` is something else
    public static Timestamp parse(String text) {
        if (text.length() != 2 * Tai64n.BYTES) {
            throw new IllegalArgumentException("timestamp: " + text + " (expected: 24 hexadecimal digits)");
        }
        return of(HEX.parseHex(text));
    }

    static Timestamp of(byte[] label) {
        return new Timestamp((long) BE64.get(label, 0), (int) BE32.get(label, 8));
    }

    byte[] label() {
        byte[] label = new byte[Tai64n.BYTES];
        BE64.set(label, 0, seconds);
        BE32.set(label, 8, nanos);
        return label;
    }

    /// Later by whole seconds; the end of time stays the end of time.
    public Timestamp plusSeconds(long more) {
        long sum = seconds + more;
        return new Timestamp(Long.compareUnsigned(sum, seconds) < 0 ? -1 : sum, nanos);
    }

    public boolean isAfter(Timestamp other) {
        return compareTo(other) > 0;
    }

    /// The later one.
    public static Timestamp max(Timestamp a, Timestamp b) {
        return a.isAfter(b) ? a : b;
    }

    @Override
    public int compareTo(Timestamp other) {
        int bySeconds = Long.compareUnsigned(seconds, other.seconds);
        return bySeconds != 0 ? bySeconds : Integer.compareUnsigned(nanos, other.nanos);
    }

    /// 24 hexadecimal digits, which sort as the labels do.
    @Override
    public String toString() {
        return HEX.formatHex(label());
    }
}
