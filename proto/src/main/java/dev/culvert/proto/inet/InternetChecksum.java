package dev.culvert.proto.inet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The ones' complement checksum of IPv4, TCP, UDP and ICMP (RFC 1071), 32 bytes per step.
///
/// A *sum* is a running total of big-endian 16-bit words that may be added to any other sum; `finish` folds and
/// complements it. A range that contains its own valid checksum has a folded sum of `0xffff`.
public final class InternetChecksum {
    // Byte order does not matter to a ones' complement sum but for one swap at the end (RFC 1071 §2 B), so the
    // loop reads in the machine's own order.
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final boolean SWAP = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long LOW = 0xffff_ffffL;

    private InternetChecksum() {}

    /// The sum of `length` bytes, folded to 16 bits; an odd last byte counts as padded with zero.
    public static int sum(byte[] bytes, int offset, int length) {
        long a = 0;
        long b = 0;
        int at = offset;
        int end = offset + length;
        for (int unrolled = end - 31; at < unrolled; at += 32) {
            long w0 = (long) LONG.get(bytes, at);
            long w1 = (long) LONG.get(bytes, at + 8);
            long w2 = (long) LONG.get(bytes, at + 16);
            long w3 = (long) LONG.get(bytes, at + 24);
            a += (w0 & LOW) + (w1 & LOW) + (w2 & LOW) + (w3 & LOW);
            b += (w0 >>> 32) + (w1 >>> 32) + (w2 >>> 32) + (w3 >>> 32);
        }
        for (; at < end - 7; at += 8) {
            long w = (long) LONG.get(bytes, at);
            a += w & LOW;
            b += w >>> 32;
        }
        int folded = fold(a + b);
        return fold((SWAP ? Short.reverseBytes((short) folded) & 0xffffL : folded) + tail(bytes, at, end));
    }

    private static long tail(byte[] bytes, int from, int end) {
        long sum = 0;
        int at = from;
        for (; at < end - 1; at += 2) {
            sum += NetworkOrder.u16(bytes, at);
        }
        return at < end ? sum + (NetworkOrder.u8(bytes, at) << 8) : sum;
    }

    /// The part of a TCP, UDP or ICMPv6 pseudo-header that does not change within a connection: both addresses
    /// and the protocol (RFC 9293 §3.1, RFC 8200 §8.1). Addresses are [AddressWords]; add the upper-layer length.
    public static long pseudoHeader(long sourceHigh, long sourceLow, long targetHigh, long targetLow, int protocol) {
        if (AddressWords.isIpv4(sourceHigh, sourceLow)) {
            return (sourceLow & LOW) + (targetLow & LOW) + protocol;
        }
        return halves(sourceHigh) + halves(sourceLow) + halves(targetHigh) + halves(targetLow) + protocol;
    }

    private static long halves(long word) {
        return (word >>> 32) + (word & LOW);
    }

    /// The sum reduced to 16 bits with end-around carry.
    public static int fold(long sum) {
        long folded = (sum >>> 32) + (sum & LOW);
        folded = (folded >>> 16) + (folded & 0xffff);
        folded = (folded >>> 16) + (folded & 0xffff);
        folded = (folded >>> 16) + (folded & 0xffff);
        return (int) folded;
    }

    /// The value of the checksum field for a sum taken with that field zero.
    public static int finish(long sum) {
        return ~fold(sum) & 0xffff;
    }
}
