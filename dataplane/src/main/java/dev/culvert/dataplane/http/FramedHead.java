package dev.culvert.dataplane.http;

import io.netty.handler.codec.Headers;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes a [Request] of the field section of HTTP/2 or HTTP/3, or finds it malformed (RFC 9113 §8.2 and §8.3, RFC 9114
/// §4.2 and §4.3). Malformed is what no rule of ours should see: the stream is reset, nothing is answered.
final class FramedHead {
    private static final AsciiString TRAILERS = AsciiString.cached("trailers");
    private static final AsciiString SEPARATOR = AsciiString.cached("; ");
    private static final int MAX_METHOD = 32;

    private @Nullable CharSequence method;
    private @Nullable CharSequence scheme;
    private @Nullable CharSequence path;
    private @Nullable CharSequence authority;
    private @Nullable CharSequence protocol;
    private @Nullable StringBuilder cookies;
    private boolean regular;

    private FramedHead() {}

    /// @param version 2 or 3
    /// @param bodyFollows whether the stream goes on behind it
    /// @return null if it is malformed
    static @Nullable Request read(int version, Headers<CharSequence, CharSequence, ?> fields, boolean bodyFollows) {
        FramedHead head = new FramedHead();
        for (Map.Entry<CharSequence, CharSequence> field : fields) {
            CharSequence name = field.getKey();
            if (isBroken(field.getValue())) {
                return null;
            }
            if (name.length() > 0 && name.charAt(0) == ':') {
                if (!head.pseudo(name, field.getValue())) {
                    return null;
                }
            } else {
                head.regular = true;
            }
        }
        HttpMethod verb = head.verb();
        CharSequence target = head.path;
        if (verb == null || target == null || !head.isHttp()) {
            return null;
        }
        Request request = new Request(verb, target.toString(), version, bodyFollows, head.protocol, fields.size());
        return head.regular(fields, request) ? request : null;
    }

    /// One each, and all before the first regular field.
    private boolean pseudo(CharSequence name, CharSequence value) {
        if (regular) {
            return false;
        }
        CharSequence before;
        switch (name.toString()) {
            case ":method" -> {
                before = method;
                method = value;
            }
            case ":scheme" -> {
                before = scheme;
                scheme = value;
            }
            case ":path" -> {
                before = path;
                path = value;
            }
            case ":authority" -> {
                before = authority;
                authority = value;
            }
            case ":protocol" -> {
                before = protocol;
                protocol = value;
            }
            default -> {
                return false;
            }
        }
        return before == null;
    }

    /// Null without one that looks like a method. What extended CONNECT asks for (RFC 8441 §4) is a GET in HTTP/1.1.
    private @Nullable HttpMethod verb() {
        CharSequence text = method;
        if (text == null || text.isEmpty() || text.length() > MAX_METHOD) {
            return null;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (!letter && c != '-' && c != '_') {
                return null;
            }
        }
        boolean connect = HttpMethod.CONNECT.asciiName().contentEquals(text);
        if (protocol != null) {
            return connect && authority != null ? HttpMethod.GET : null;
        }
        return HttpMethod.valueOf(text.toString());
    }

    /// The target has a scheme that is HTTP's, and the form of a path, or is `*`.
    private boolean isHttp() {
        CharSequence target = path;
        boolean known = scheme != null
                && (AsciiString.contentEqualsIgnoreCase(scheme, "https")
                        || AsciiString.contentEqualsIgnoreCase(scheme, "http"));
        return known && target != null && !target.isEmpty() && (target.charAt(0) == '/' || target.charAt(0) == '*');
    }

    private boolean regular(Headers<CharSequence, CharSequence, ?> fields, Request into) {
        if (authority != null) {
            into.add(HttpHeaderNames.HOST, authority);
        }
        for (Map.Entry<CharSequence, CharSequence> field : fields) {
            CharSequence name = field.getKey();
            CharSequence value = field.getValue();
            if (name.length() > 0 && name.charAt(0) == ':') {
                continue;
            }
            if (!isLowerCase(name) || isConnectionSpecific(name, value) || hasEdges(value)) {
                return false;
            }
            if (HttpHeaderNames.COOKIE.contentEquals(name)) {
                cookie(value);
            } else if (authority == null || !isHostAgain(name, value)) {
                into.add(name, value);
            }
        }
        if (cookies != null) {
            into.add(HttpHeaderNames.COOKIE, cookies);
        }
        return true;
    }

    /// The same as `:authority` says nothing new; another one is refused as a second Host.
    private boolean isHostAgain(CharSequence name, CharSequence value) {
        return HttpHeaderNames.HOST.contentEquals(name) && AsciiString.contentEqualsIgnoreCase(value, authority);
    }

    private static boolean isLowerCase(CharSequence name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                return false;
            }
        }
        return true;
    }

    /// RFC 9113 §8.2.2.
    private static boolean isConnectionSpecific(CharSequence name, CharSequence value) {
        return switch (name.length()) {
            case 2 -> HttpHeaderNames.TE.contentEquals(name) && !TRAILERS.contentEqualsIgnoreCase(value);
            case 7 -> HttpHeaderNames.UPGRADE.contentEquals(name);
            case 10 -> HttpHeaderNames.CONNECTION.contentEquals(name) || AsciiString.contentEquals("keep-alive", name);
            case 16 -> AsciiString.contentEquals("proxy-connection", name);
            case 17 -> HttpHeaderNames.TRANSFER_ENCODING.contentEquals(name);
            default -> false;
        };
    }

    /// RFC 9113 §8.2.1, RFC 9114 §10.3: what would end a field or a line elsewhere.
    private static boolean isBroken(CharSequence value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == 0 || c == '\r' || c == '\n') {
                return true;
            }
        }
        return false;
    }

    /// RFC 9113 §8.2.1: no white space at either end.
    private static boolean hasEdges(CharSequence value) {
        return !value.isEmpty() && (isSpace(value.charAt(0)) || isSpace(value.charAt(value.length() - 1)));
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    /// RFC 9113 §8.2.3: one field of many crumbs.
    private void cookie(CharSequence crumb) {
        StringBuilder all = cookies;
        if (all == null) {
            cookies = new StringBuilder(crumb);
        } else {
            all.append(SEPARATOR).append(crumb);
        }
    }
}
