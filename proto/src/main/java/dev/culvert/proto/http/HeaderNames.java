package dev.culvert.proto.http;

/// Which field names are the connection's, which are ours, and which nobody may take away.
///
/// All questions take names in any case.
public final class HeaderNames {
    private static final String[] END_TO_END = {
        "host",
        "authorization",
        "cookie",
        "set-cookie",
        "origin",
        "referer",
        "content-length",
        "content-type",
        "content-encoding",
        "content-range",
        "cache-control",
        "www-authenticate",
        "strict-transport-security",
        "content-security-policy",
        "content-security-policy-report-only",
        "x-frame-options",
        "x-content-type-options",
        "permissions-policy",
        "referrer-policy"
    };

    // Folded: letters and digits only, in lower case.
    private static final String FORWARDED_PREFIX = "xforwarded";
    private static final String[] MANAGED_X = {
        "xrealip", "xclientip", "xclusterclientip", "xoriginalforwardedfor", "xoriginalurl", "xrewriteurl"
    };
    private static final String[] MANAGED_C = {"cfconnectingip", "cfconnectingipv6", "clientcert", "clientcertchain"};
    private static final String CLIENT_CERTIFICATE_PREFIX = "xclientcert";
    private static final String X_SSL_CLIENT_PREFIX = "xsslclient";
    private static final String SSL_CLIENT_PREFIX = "sslclient";

    private HeaderNames() {}

    /// Whether the field belongs to one connection and is never forwarded, in either direction (RFC 9110 §7.6.1).
    public static boolean isHopByHop(CharSequence name) {
        return switch (name.length()) {
            case 2 -> Ascii.equalsLower(name, "te");
            case 7 -> Ascii.equalsLower(name, "upgrade") || Ascii.equalsLower(name, "trailer");
            case 10 -> Ascii.equalsLower(name, "connection") || Ascii.equalsLower(name, "keep-alive");
            case 14 -> Ascii.equalsLower(name, "http2-settings");
            case 17 -> Ascii.equalsLower(name, "transfer-encoding");
            default -> Ascii.startsWithLower(name, "proxy-");
        };
    }

    /// Whether this is one of the names under which proxies tell servers about clients: X-Forwarded-*, Forwarded,
    /// X-Real-IP and their kin, X-Original-URL and X-Rewrite-URL, Proxy and Proxy-*, and those of client
    /// certificates (Client-Cert, X-Client-Cert-*, X-SSL-Client-*, SSL-Client-*). From a visitor they are
    /// deleted, whatever they say; we set our own.
    ///
    /// Only letters and digits count: a server that makes variables of names (CGI, PHP, WSGI) reads
    /// `X_Forwarded.For` as X-Forwarded-For.
    public static boolean isManaged(CharSequence name) {
        int first = 0;
        while (first < name.length() && !Ascii.isAlphanumeric(name.charAt(first))) {
            first++;
        }
        if (first == name.length()) {
            return false;
        }
        return switch (Ascii.lower(name.charAt(first))) {
            case 'x' ->
                foldsTo(name, FORWARDED_PREFIX, true)
                        || foldsToOneOf(name, MANAGED_X)
                        || foldsTo(name, CLIENT_CERTIFICATE_PREFIX, true)
                        || foldsTo(name, X_SSL_CLIENT_PREFIX, true);
            case 's' -> foldsTo(name, SSL_CLIENT_PREFIX, true);
            case 'f' -> foldsTo(name, "forwarded", false);
            case 't' -> foldsTo(name, "trueclientip", false);
            case 'c' -> foldsToOneOf(name, MANAGED_C);
            case 'p' -> isProxyField(name, first);
            default -> false;
        };
    }

    /// Whether this is a managed name in disguise: one that is not spelled with hyphens. Such a field is deleted even
    /// where the managed one itself is believed.
    public static boolean isManagedAlias(CharSequence name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!Ascii.isAlphanumeric(c) && c != '-') {
                return isManaged(name);
            }
        }
        return false;
    }

    /// Whether two names are one to a server that makes variables of names: only letters and digits count, in any case.
    public static boolean isSameFolded(CharSequence name, CharSequence other) {
        int i = 0;
        int j = 0;
        while (true) {
            while (i < name.length() && !Ascii.isAlphanumeric(name.charAt(i))) {
                i++;
            }
            while (j < other.length() && !Ascii.isAlphanumeric(other.charAt(j))) {
                j++;
            }
            if (i == name.length() || j == other.length()) {
                return i == name.length() && j == other.length();
            }
            if (Ascii.lower(name.charAt(i++)) != Ascii.lower(other.charAt(j++))) {
                return false;
            }
        }
    }

    /// Whether the field is of the WebSocket handshake; without a handshake it is not forwarded.
    public static boolean isWebSocket(CharSequence name) {
        return Ascii.startsWithLower(name, "sec-websocket-");
    }

    /// Whether Connection cannot make this field go away: it is managed, or some server's security rests on it.
    public static boolean isProtected(CharSequence name) {
        for (String fixed : END_TO_END) {
            if (Ascii.equalsLower(name, fixed)) {
                return true;
            }
        }
        return Ascii.startsWithLower(name, "sec-") || Ascii.startsWithLower(name, "access-control-") || isManaged(name);
    }

    /// Whether the field is never taken from a trailer section, whatever a route allows: it frames, routes or
    /// authenticates (RFC 9110 §6.5.1).
    public static boolean isForbiddenInTrailers(CharSequence name) {
        return isHopByHop(name) || isProtected(name);
    }

    /// Whether a trailer may travel on: it is well-formed, and not [#isForbiddenInTrailers].
    public static boolean mayTrail(CharSequence name, CharSequence value) {
        return Ascii.isToken(name) && FieldScan.isValue(value) && !isForbiddenInTrailers(name);
    }

    /// `Proxy` alone is the field that CGI turns into HTTP_PROXY.
    private static boolean isProxyField(CharSequence name, int first) {
        int end = first + "proxy".length();
        return name.length() >= end
                && Ascii.rangeEqualsLower(name, first, end, "proxy")
                && (name.length() == end || !Ascii.isAlphanumeric(name.charAt(end)));
    }

    private static boolean foldsToOneOf(CharSequence name, String[] folded) {
        for (String each : folded) {
            if (foldsTo(name, each, false)) {
                return true;
            }
        }
        return false;
    }

    private static boolean foldsTo(CharSequence name, String folded, boolean asPrefix) {
        int matched = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!Ascii.isAlphanumeric(c)) {
                continue;
            }
            if (matched == folded.length()) {
                return asPrefix;
            }
            if (Ascii.lower(c) != folded.charAt(matched)) {
                return false;
            }
            matched++;
        }
        return matched == folded.length();
    }
}
