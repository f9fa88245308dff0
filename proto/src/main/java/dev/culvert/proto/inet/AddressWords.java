package dev.culvert.proto.inet;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// An IP address as two longs, so that the data path compares and hashes it without an object.
///
/// IPv6 is its 16 bytes, big-endian; IPv4 is the mapped form `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), which
/// therefore must never be taken from an IPv6 packet.
public final class AddressWords {
    private static final long MAPPED = 0xffffL << 32;

    private AddressWords() {}

    /// The low word of the IPv4 address with these 32 bits; its high word is zero.
    public static long ipv4Low(int address) {
        return MAPPED | (address & 0xffff_ffffL);
    }

    public static boolean isIpv4(long high, long low) {
        return high == 0 && low >>> 32 == 0xffff;
    }

    public static long high(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? 0 : NetworkOrder.i64(bytes, 0);
    }

    public static long low(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? ipv4Low(NetworkOrder.i32(bytes, 0)) : NetworkOrder.i64(bytes, 8);
    }

    /// The address object for two words: allocates, so it is for the edges of the API.
    public static InetAddress toAddress(long high, long low) {
        byte[] bytes = new byte[isIpv4(high, low) ? 4 : 16];
        if (bytes.length == 4) {
            NetworkOrder.put32(bytes, 0, (int) low);
        } else {
            NetworkOrder.put64(bytes, 0, high);
            NetworkOrder.put64(bytes, 8, low);
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 and 16 bytes are addresses", e);
        }
    }
}
