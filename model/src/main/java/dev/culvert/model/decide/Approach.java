package dev.culvert.model.decide;

import dev.culvert.model.Literals;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How somebody comes: what they typed, as far as it chooses a listener and a route.
///
/// @param scheme `http`, `https`, `tcp`, `udp`, or empty where none was typed
/// @param host a name or address literal without brackets and port, lower-case; null where a port alone was typed
/// @param port 1..65535; 0 where none was typed and the scheme implies none
/// @param path with its query, as typed; `/` where none was
public record Approach(String scheme, @Nullable String host, int port, String path) {
    public Approach(String scheme, @Nullable String host, int port) {
        this(scheme, host, port, "/");
    }

    /// Whether they come by datagrams.
    boolean isUdp() {
        return scheme.equals("udp");
    }

    /// Reads `https://photos.example.com/path`, `photos.example.com[:8080]`, `2222`, `2222/tcp`, `27015/udp`,
    /// `tcp://192.0.2.1:22`.
    ///
    /// @throws IllegalArgumentException with what was expected
    public static Approach parse(String text) {
        int end = text.indexOf("://");
        String scheme = end < 0 ? "" : text.substring(0, end).toLowerCase(Locale.ROOT);
        if (end >= 0 && !scheme.matches("https?|tcp|udp")) {
            throw wrong(text);
        }
        String rest = end < 0 ? text : text.substring(end + 3);
        if (Literals.port(portOf(rest)) > 0) {
            return new Approach(rest.endsWith("/udp") ? "udp" : scheme, null, Literals.port(portOf(rest)));
        }
        int path = rest.indexOf('/');
        String authority = (path < 0 ? rest : rest.substring(0, path)).toLowerCase(Locale.ROOT);
        int implied = scheme.equals("http") ? 80 : scheme.equals("https") ? 443 : 0;
        int colon = authority.lastIndexOf(':');
        boolean bare = colon < 0 || authority.endsWith("]") || Literals.address(authority) != null;
        String host = bare ? authority : authority.substring(0, colon);
        int port = bare ? implied : Literals.port(authority.substring(colon + 1));
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        if (host.isEmpty() || port < 0 || host.indexOf(' ') >= 0) {
            throw wrong(text);
        }
        return new Approach(scheme, host, port, path < 0 ? "/" : rest.substring(path));
    }

    private static String portOf(String text) {
        String digits = text.startsWith(":") ? text.substring(1) : text;
        return digits.endsWith("/tcp") || digits.endsWith("/udp") ? digits.substring(0, digits.length() - 4) : digits;
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException(
                text + " (expected: a URL such as http://photos.example.com, HOST:PORT, or a port)");
    }
}
