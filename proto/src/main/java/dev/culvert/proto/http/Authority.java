package dev.culvert.proto.http;

import dev.culvert.proto.text.AddressLiteral;
import dev.culvert.proto.text.Decimal;
import dev.culvert.proto.text.HostName;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A host and perhaps a port, as in `Host` and in an absolute target. Userinfo and escapes are not part of it.
///
/// @param host a name in lower case without its trailing dot, an IPv4 address, or an IPv6 address in canonical
///     spelling within brackets; two of them are the same host exactly if they are equal
/// @param port 1..65535, or -1 if none was given
public record Authority(String host, int port) {
    /// Reads `text[from, to)`, or null if it is no authority.
    public static @Nullable Authority read(String text, int from, int to) {
        return from < to && text.charAt(from) == '[' ? readLiteral(text, from, to) : readName(text, from, to);
    }

    /// This authority as `host[:port]`.
    @Override
    public String toString() {
        return port < 0 ? host : host + ":" + port;
    }

    /// The port that is meant, given the one that stands for none.
    int portOr(int standard) {
        return port < 0 ? standard : port;
    }

    private static @Nullable Authority readLiteral(String text, int from, int to) {
        int close = text.indexOf(']', from);
        if (close < 0 || close >= to) {
            return null;
        }
        byte[] address = AddressLiteral.readIpv6(text, from + 1, close);
        if (address == null) {
            return null;
        }
        return withPort("[" + AddressLiteral.format(address) + "]", text, close + 1, to);
    }

    private static @Nullable Authority readName(String text, int from, int to) {
        int colon = from;
        while (colon < to && text.charAt(colon) != ':') {
            colon++;
        }
        int end = colon > from && text.charAt(colon - 1) == '.' ? colon - 1 : colon;
        if (!HostName.isName(text, from, end)) {
            return null;
        }
        // Neither step copies a name that is in lower case and stands alone.
        return withPort(text.substring(from, end).toLowerCase(Locale.ROOT), text, colon, to);
    }

    /// @param at where `:port` begins, or `to`
    private static @Nullable Authority withPort(String host, String text, int at, int to) {
        if (at == to) {
            return new Authority(host, -1);
        }
        long port = text.charAt(at) == ':' ? Decimal.readCanonical(text, at + 1, to, 65_535) : Decimal.NONE;
        return port > 0 ? new Authority(host, (int) port) : null;
    }
}
