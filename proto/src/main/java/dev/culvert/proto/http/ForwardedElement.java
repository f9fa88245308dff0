package dev.culvert.proto.http;

import dev.culvert.proto.text.AddressLiteral;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// Writes what one proxy adds to the Forwarded field (RFC 7239 §4): `for=192.0.2.60;host=example.com;proto=https`.
public final class ForwardedElement {
    private ForwardedElement() {}

    /// Appends one element.
    ///
    /// @param client the visitor, or null for `unknown`
    /// @param port its port, or -1 to leave it out
    /// @param host as the visitor asked for it, with its port if it named one; left out if empty
    /// @param proto `http` or `https`
    public static void append(StringBuilder out, @Nullable InetAddress client, int port, String host, String proto) {
        out.append("for=");
        appendNode(out, client, port);
        if (!host.isEmpty()) {
            appendValue(out.append(";host="), host);
        }
        appendValue(out.append(";proto="), proto);
    }

    /// RFC 7239 §6: IPv6 addresses stand in brackets; a colon needs quotes.
    private static void appendNode(StringBuilder out, @Nullable InetAddress client, int port) {
        String address = client == null ? "unknown" : AddressLiteral.format(client);
        boolean ipv6 = client instanceof Inet6Address;
        boolean quoted = ipv6 || port >= 0;
        out.append(quoted ? "\"" : "").append(ipv6 ? "[" : "").append(address).append(ipv6 ? "]" : "");
        if (port >= 0) {
            out.append(':').append(port);
        }
        out.append(quoted ? "\"" : "");
    }

    private static void appendValue(StringBuilder out, String value) {
        if (Ascii.isToken(value)) {
            out.append(value);
            return;
        }
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c >= 0x7f) {
                throw new IllegalArgumentException("value with char " + (int) c + " (expected: visible ASCII)");
            }
            if (c == '"' || c == '\\') {
                out.append('\\');
            }
            out.append(c);
        }
        out.append('"');
    }
}
