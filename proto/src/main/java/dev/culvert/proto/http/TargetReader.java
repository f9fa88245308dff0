package dev.culvert.proto.http;

import dev.culvert.proto.text.AddressLiteral;
import org.jspecify.annotations.Nullable;

/// Reads one request target and brings its path into the one form that is matched and forwarded: unreserved chars
/// decoded, escapes in upper case, no dot segments, no empty segments. The query is left as it came.
final class TargetReader {
    private static final String HTTP = "http://";
    private static final String HTTPS = "https://";

    // In the place of an index: the target is no http(s) URI; it is one, without a valid authority.
    private static final int NOT_ABSOLUTE = -1;
    private static final int NO_AUTHORITY = -2;

    /// The authority of an absolute target, else null.
    @Nullable
    Authority authority;

    /// The port that an absolute target means if it names none.
    int standardPort;

    /// The target to forward, in origin form or `*`.
    String forward = "";

    /// Whether servers may read different paths out of it.
    boolean ambiguous;

    private final StringBuilder out = new StringBuilder();

    @Nullable
    RequestFault read(String target, CharSequence method) {
        authority = null;
        ambiguous = false;
        forward = target;
        if (!hasOnlyTargetChars(target)) {
            return RequestFault.TARGET_CHARACTER;
        }
        if (target.equals("*")) {
            return Ascii.equalsLower(method, "options") ? null : RequestFault.TARGET_FORM;
        }
        int pathAt = 0;
        if (!target.startsWith("/")) {
            pathAt = readAuthority(target);
            if (pathAt < 0) {
                return pathAt == NOT_ABSOLUTE ? RequestFault.TARGET_FORM : RequestFault.HOST_MALFORMED;
            }
        }
        int query = target.indexOf('?', pathAt);
        int pathEnd = query < 0 ? target.length() : query;
        ambiguous = query >= 0 && target.indexOf("%00", query) >= 0;
        return readPath(target, pathAt, pathEnd);
    }

    /// Reads the authority of an absolute target and returns where its path begins, or one of the two constants.
    private int readAuthority(String target) {
        boolean https = Ascii.startsWithLower(target, HTTPS);
        if (!https && !Ascii.startsWithLower(target, HTTP)) {
            return NOT_ABSOLUTE;
        }
        int from = https ? HTTPS.length() : HTTP.length();
        int to = from;
        while (to < target.length() && target.charAt(to) != '/' && target.charAt(to) != '?') {
            to++;
        }
        standardPort = https ? 443 : 80;
        authority = Authority.read(target, from, to);
        return authority == null ? NO_AUTHORITY : to;
    }

    private static boolean hasOnlyTargetChars(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\') {
                return false;
            }
        }
        return !target.isEmpty();
    }

    private @Nullable RequestFault readPath(String target, int from, int to) {
        boolean normal = from < to;
        for (int i = from; i < to; i++) {
            char c = target.charAt(i);
            if (c == '%') {
                int octet = escape(target, i, to);
                if (octet <= 0) {
                    return RequestFault.TARGET_ESCAPE;
                }
                ambiguous |= isAmbiguous(octet);
                normal &= !isUnreserved(octet) && isUpper(target.charAt(i + 1)) && isUpper(target.charAt(i + 2));
            } else if (c == '/' && i + 1 < to) {
                char next = target.charAt(i + 1);
                // "/.x" is normal as well, but not worth a closer look here.
                normal &= next != '/' && next != '.';
            }
        }
        if (normal) {
            forward = from == 0 ? target : target.substring(from);
            return null;
        }
        return rewrite(target, from, to);
    }

    /// Copies the path segment by segment. `out` always ends in the slash before the segment being copied, so that a
    /// dot segment or an empty one is removed by leaving it out.
    private @Nullable RequestFault rewrite(String target, int from, int to) {
        out.setLength(0);
        out.append('/');
        int segment = 1;
        int i = from < to ? from + 1 : from;
        while (i < to) {
            char c = target.charAt(i);
            if (c == '/') {
                if (!closeSegment(segment)) {
                    return RequestFault.TARGET_AMBIGUOUS;
                }
                if (out.charAt(out.length() - 1) != '/') {
                    out.append('/');
                }
                segment = out.length();
                i++;
            } else if (c == '%') {
                appendEscape(escape(target, i, to));
                i += 3;
            } else {
                out.append(c);
                i++;
            }
        }
        if (!closeSegment(segment)) {
            return RequestFault.TARGET_AMBIGUOUS;
        }
        String normal = out.append(target, to, target.length()).toString();
        forward = normal.equals(target) ? target : normal;
        return null;
    }

    /// Removes the segment that begins at `at` if it is a dot segment. False if it is one with a parameter: some
    /// servers drop the parameter first and then see the dots.
    private boolean closeSegment(int at) {
        int length = out.length() - at;
        if (length == 0 || out.charAt(at) != '.') {
            return true;
        }
        int dots = length > 1 && out.charAt(at + 1) == '.' ? 2 : 1;
        if (length > dots) {
            return out.charAt(at + dots) != ';';
        }
        out.setLength(at);
        if (dots == 2 && at > 1) {
            out.setLength(out.lastIndexOf("/", at - 2) + 1);
        }
        return true;
    }

    private void appendEscape(int octet) {
        if (isUnreserved(octet)) {
            out.append((char) octet);
        } else {
            out.append('%').append(upperDigit(octet >> 4)).append(upperDigit(octet & 0xf));
        }
    }

    /// The octet that the `%` at `at` stands for, or -1.
    private static int escape(String target, int at, int to) {
        if (at + 2 >= to) {
            return -1;
        }
        int high = AddressLiteral.hexDigit(target.charAt(at + 1));
        int low = AddressLiteral.hexDigit(target.charAt(at + 2));
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    private static boolean isUpper(char digit) {
        return digit < 'a';
    }

    private static char upperDigit(int value) {
        return (char) (value < 10 ? '0' + value : 'A' + value - 10);
    }

    /// RFC 3986 §2.3.
    private static boolean isUnreserved(int octet) {
        return Ascii.isAlphanumeric((char) octet) || octet == '-' || octet == '.' || octet == '_' || octet == '~';
    }

    /// An octet that means one thing escaped and another one not, to some server.
    private static boolean isAmbiguous(int octet) {
        return switch (octet) {
            case '/', '\\', ';', '%', '?', '#', 0x7f -> true;
            default -> octet < ' ';
        };
    }
}
