package dev.culvert.proto.inet;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// An IPv4 or IPv6 prefix such as `10.77.0.0/24` or `2001:db8::/32`; bits beyond its length are zero.
///
/// @param address the first address of the prefix; an IPv4-mapped IPv6 address has become IPv4
/// @param length the number of leading bits that count: 0..32 for IPv4, 0..128 for IPv6
public record IpPrefix(InetAddress address, int length) {
    public IpPrefix {
        byte[] bytes = address.getAddress();
        if (length < 0 || length > bytes.length * 8) {
            throw new IllegalArgumentException("prefix length: " + length + " (expected: 0.." + bytes.length * 8 + ")");
        }
        address = fromBytes(mask(bytes, length));
    }

    /// The prefix that holds just `address`.
    public static IpPrefix host(InetAddress address) {
        return new IpPrefix(address, address.getAddress().length * 8);
    }

    /// Reads `address[/length]`; never asks a name server.
    ///
    /// @throws IllegalArgumentException if the text is not an address literal with a fitting length
    public static IpPrefix parse(String text) {
        int slash = text.indexOf('/');
        InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
        if (slash < 0) {
            return host(address);
        }
        String digits = text.substring(slash + 1);
        // Integer.parseInt would take "+8"; a prefix length is one to three digits, without a leading zero.
        if (!digits.matches("0|[1-9][0-9]{0,2}")) {
            throw new IllegalArgumentException("prefix length: " + digits + " (expected: a number)");
        }
        return new IpPrefix(address, Integer.parseInt(digits));
    }

    /// Whether `candidate` is of this family and lies within.
    public boolean contains(InetAddress candidate) {
        byte[] bytes = candidate.getAddress();
        byte[] mine = address.getAddress();
        return bytes.length == mine.length && Arrays.equals(mask(bytes, length), mine);
    }

    /// Whether every address of `other` lies within this prefix.
    public boolean contains(IpPrefix other) {
        return other.length >= length && contains(other.address);
    }

    public boolean isIpv4() {
        return address.getAddress().length == 4;
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + length;
    }

    private static byte[] mask(byte[] bytes, int length) {
        byte[] masked = bytes.clone();
        for (int i = 0; i < masked.length; i++) {
            int keep = Math.clamp(length - i * 8L, 0, 8);
            masked[i] &= (byte) (0xff00 >> keep);
        }
        return masked;
    }

    private static InetAddress fromBytes(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("address of " + bytes.length + " bytes", e);
        }
    }
}
