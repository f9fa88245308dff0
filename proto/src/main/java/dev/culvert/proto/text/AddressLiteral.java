package dev.culvert.proto.text;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// IPv4 and IPv6 address literals: a strict reader and the canonical writer.
public final class AddressLiteral {
    /// The longest IPv6 text: six groups of four digits and a dotted quad.
    public static final int MAX_LENGTH = 45;

    private static final int GROUPS = 8;

    private AddressLiteral() {}

    /// The 4 bytes of a dotted quad in `text[from, to)`, without leading zeros (RFC 3986 §3.2.2), or null.
    public static byte @Nullable [] readIpv4(CharSequence text, int from, int to) {
        byte[] address = new byte[4];
        return readQuad(text, from, to, address, 0) ? address : null;
    }

    /// The 16 bytes of the IPv6 address in `text[from, to)` in any spelling of RFC 4291 §2.2, without brackets or
    /// zone, or null.
    public static byte @Nullable [] readIpv6(CharSequence text, int from, int to) {
        if (to - from < 2 || to - from > MAX_LENGTH) {
            return null;
        }
        byte[] address = new byte[16];
        int filled = 0;
        int gap = -1;
        int at = from;
        if (text.charAt(from) == ':') {
            if (text.charAt(from + 1) != ':') {
                return null;
            }
            at++;
        }
        while (at < to) {
            if (text.charAt(at) == ':') {
                if (gap >= 0) {
                    return null;
                }
                gap = filled;
                at++;
                continue;
            }
            int end = endOfDigits(text, at, to);
            if (end < to && text.charAt(end) == '.') {
                if (filled > 12 || !readQuad(text, at, to, address, filled)) {
                    return null;
                }
                filled += 4;
                break;
            }
            if (filled == 16 || !readGroup(text, at, end, address, filled)) {
                return null;
            }
            filled += 2;
            // A single colon must lead to another group; the second one of "::" is seen at the head of the loop.
            if (end < to && (text.charAt(end) != ':' || end + 1 == to)) {
                return null;
            }
            at = end + 1;
        }
        return spread(address, filled, gap);
    }

    /// The address in `text[from, to)`, IPv4 or IPv6, or null; an IPv4-mapped IPv6 address becomes IPv4.
    public static @Nullable InetAddress read(CharSequence text, int from, int to) {
        byte[] bytes = readIpv4(text, from, to);
        if (bytes == null) {
            bytes = readIpv6(text, from, to);
        }
        return bytes == null ? null : toAddress(bytes);
    }

    /// The address of 4 or 16 bytes; an IPv4-mapped IPv6 address becomes IPv4, so that no rule for IPv4 addresses can
    /// be walked around by spelling one as IPv6.
    public static InetAddress toAddress(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("address of " + bytes.length + " bytes (expected: 4 or 16)", e);
        }
    }

    /// The canonical text of `address` (RFC 5952), without brackets or zone.
    public static String format(InetAddress address) {
        return format(address.getAddress());
    }

    /// The canonical text of an address of 4 or 16 bytes (RFC 5952), without brackets.
    public static String format(byte[] address) {
        StringBuilder out = new StringBuilder(MAX_LENGTH);
        if (address.length == 4) {
            appendQuad(out, address, 0);
        } else if (isIpv4Mapped(address)) {
            appendQuad(out.append("::ffff:"), address, 12);
        } else {
            appendGroups(out, address);
        }
        return out.toString();
    }

    private static boolean isIpv4Mapped(byte[] address) {
        return Arrays.equals(address, 0, 10, new byte[10], 0, 10) && address[10] == -1 && address[11] == -1;
    }

    private static boolean readQuad(CharSequence text, int from, int to, byte[] into, int at) {
        int begin = from;
        for (int i = 0; i < 4; i++) {
            int end = begin;
            while (end < to && text.charAt(end) != '.') {
                end++;
            }
            long octet = Decimal.readCanonical(text, begin, end, 255);
            if (octet == Decimal.NONE || (end == to) != (i == 3)) {
                return false;
            }
            into[at + i] = (byte) octet;
            begin = end + 1;
        }
        return true;
    }

    private static int endOfDigits(CharSequence text, int from, int to) {
        int end = from;
        while (end < to && hexDigit(text.charAt(end)) >= 0) {
            end++;
        }
        return end;
    }

    private static boolean readGroup(CharSequence text, int from, int to, byte[] into, int at) {
        if (from == to || to - from > 4) {
            return false;
        }
        int group = 0;
        for (int i = from; i < to; i++) {
            group = (group << 4) | hexDigit(text.charAt(i));
        }
        into[at] = (byte) (group >> 8);
        into[at + 1] = (byte) group;
        return true;
    }

    /// The value of an ASCII hexadecimal digit, or -1 (`Character.digit` knows digits of other scripts).
    public static int hexDigit(char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    private static byte @Nullable [] spread(byte[] address, int filled, int gap) {
        if (gap < 0) {
            return filled == 16 ? address : null;
        }
        // "::" stands for at least one group (RFC 4291 §2.2).
        if (filled > 14) {
            return null;
        }
        byte[] spread = new byte[16];
        System.arraycopy(address, 0, spread, 0, gap);
        System.arraycopy(address, gap, spread, 16 - (filled - gap), filled - gap);
        return spread;
    }

    private static void appendQuad(StringBuilder out, byte[] address, int at) {
        for (int i = 0; i < 4; i++) {
            if (i > 0) {
                out.append('.');
            }
            out.append(address[at + i] & 0xff);
        }
    }

    private static void appendGroups(StringBuilder out, byte[] address) {
        int gap = -1;
        int gapLength = 1;
        for (int i = 0; i < GROUPS; i++) {
            int run = zeroRun(address, i);
            if (run > gapLength) {
                gap = i;
                gapLength = run;
            }
        }
        for (int i = 0; i < GROUPS; i++) {
            if (i == gap) {
                out.append("::");
                i += gapLength - 1;
                continue;
            }
            if (i > 0 && out.charAt(out.length() - 1) != ':') {
                out.append(':');
            }
            out.append(Integer.toHexString(group(address, i)));
        }
    }

    private static int zeroRun(byte[] address, int from) {
        int end = from;
        while (end < GROUPS && group(address, end) == 0) {
            end++;
        }
        return end - from;
    }

    private static int group(byte[] address, int i) {
        return ((address[2 * i] & 0xff) << 8) | (address[2 * i + 1] & 0xff);
    }
}
