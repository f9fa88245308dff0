package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.Inet4Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// Strict text forms of addresses, prefixes and numbers, read without ever asking a name server.
///
/// Stricter than `InetAddress.ofLiteral`, which takes `10.1` as 10.0.0.1 and zones such as `fe80::1%eth0`.
public final class Literals {
    private Literals() {}

    /// The address written in `text`: four decimal octets without leading zeros, or IPv6 without zone and brackets.
    public static @Nullable InetAddress address(String text) {
        if (text.length() > 45 || !(text.indexOf(':') < 0 ? isDottedQuad(text) : isHexAndColons(text))) {
            return null;
        }
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /// The prefix `address[/length]` with its host bits cleared.
    public static @Nullable IpPrefix prefix(String text) {
        int slash = text.indexOf('/');
        InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            return null;
        }
        int bits = address.getAddress().length * 8;
        int length = slash < 0 ? bits : number(text.substring(slash + 1), bits);
        return length < 0 ? null : new IpPrefix(address, length);
    }

    /// The decimal number 0..max without sign or leading zero, or -1.
    public static int number(String text, int max) {
        int length = text.length();
        if (length == 0 || length > 9 || (length > 1 && text.charAt(0) == '0')) {
            return -1;
        }
        int value = 0;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value <= max ? value : -1;
    }

    /// The port 1..65535, or -1.
    public static int port(String text) {
        int port = number(text, 65535);
        return port == 0 ? -1 : port;
    }

    /// `host:port`, with brackets around an IPv6 literal.
    public static String hostPort(String host, int port) {
        return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
    }

    /// The canonical text: dotted quad, or RFC 5952 (lower case, the first longest run of zero groups as `::`).
    public static String format(InetAddress address) {
        if (address instanceof Inet4Address) {
            return address.getHostAddress();
        }
        byte[] bytes = address.getAddress();
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
        }
        int start = longestZeroRun(groups);
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < 8; i++) {
            if (i == start) {
                text.append("::");
                i += zeroRun(groups, start) - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    /// `address/length` in canonical text; a single address stands without a length.
    public static String format(IpPrefix prefix) {
        String address = format(prefix.address());
        return isHost(prefix) ? address : address + "/" + prefix.length();
    }

    private static boolean isHost(IpPrefix prefix) {
        return prefix.length() == prefix.address().getAddress().length * 8;
    }

    private static int longestZeroRun(int[] groups) {
        int best = -1;
        int length = 1;
        for (int i = 0; i < groups.length; i++) {
            int run = zeroRun(groups, i);
            if (run > length) {
                best = i;
                length = run;
            }
        }
        return best;
    }

    private static int zeroRun(int[] groups, int start) {
        int end = start;
        while (end < groups.length && groups[end] == 0) {
            end++;
        }
        return end - start;
    }

    private static boolean isDottedQuad(String text) {
        String[] octets = text.split("\\.", -1);
        if (octets.length != 4) {
            return false;
        }
        for (String octet : octets) {
            if (number(octet, 255) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isHexAndColons(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 'f' || (c != ':' && c != '.' && Character.digit(c, 16) < 0)) {
                return false;
            }
        }
        return true;
    }
}
