package dev.culvert.control.observe;

import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Ended.Http;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One line of the access log. A query is never written, nor a header but Referer and User-Agent: tokens stand there
/// (attacks.md LG-01). Owned by the log's thread.
final class AccessLine {
    // Apache's %t; always in UTC.
    private static final DateTimeFormatter CLF =
            DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private long clfSecond = -1;
    private String clf = "";

    /// The combined format: `client - - [time] "request" status bytes "referer" "user agent"`.
    ///
    /// A TCP connection has `TCP` and its service for a request, and no status.
    void combined(Ended ended, StringBuilder out) {
        Http http = ended.http();
        out.append(ended.client().getHostAddress()).append(" - - [").append(clfTime(ended.startedMillis()));
        out.append(" +0000] \"");
        if (http == null) {
            quoted("TCP " + ended.service(), out);
        } else if (http.method().isEmpty()) {
            out.append('-');
        } else {
            quoted(http.method() + " " + path(http.target()) + " " + http.version(), out);
        }
        out.append("\" ");
        dash(http == null ? 0 : http.status(), out);
        out.append(' ').append(ended.sentBytes()).append(" \"");
        quoted(http == null || http.referer().isEmpty() ? "-" : withoutQuery(http.referer()), out);
        out.append("\" \"");
        quoted(http == null || http.userAgent().isEmpty() ? "-" : http.userAgent(), out);
        out.append('"');
    }

    /// Everything that is known, as one JSON object.
    ///
    /// @param id names the line
    void json(Ended ended, String id, StringBuilder out) {
        Http http = ended.http();
        out.append("{\"time\":\"").append(Instant.ofEpochMilli(ended.startedMillis()));
        out.append("\",\"id\":\"").append(id).append('"');
        field("client", ended.client().getHostAddress(), out);
        field("protocol", http == null ? "tcp" : "http", out);
        field("service", ended.service(), out);
        field("site", ended.site(), out);
        if (http != null && !http.method().isEmpty()) {
            field("host", http.host(), out);
            field("method", http.method(), out);
            field("path", path(http.target()), out);
            field("version", http.version(), out);
        }
        if (http != null && http.status() != 0) {
            out.append(",\"status\":").append(http.status());
        }
        out.append(",\"received_bytes\":").append(ended.receivedBytes());
        out.append(",\"sent_bytes\":").append(ended.sentBytes());
        long micros = ended.nanos() / 1000;
        out.append(",\"duration_ms\":").append(micros / 1000).append('.');
        out.append((char) ('0' + micros / 100 % 10)).append((char) ('0' + micros / 10 % 10));
        out.append((char) ('0' + micros % 10));
        field("end", ended.how().toString(), out);
        if (http != null) {
            field("referer", withoutQuery(http.referer()), out);
            field("user_agent", http.userAgent(), out);
        }
        out.append('}');
    }

    private static void field(String name, @Nullable String value, StringBuilder out) {
        if (value != null && !value.isEmpty()) {
            out.append(",\"").append(name).append("\":");
            LogText.json(value, out);
        }
    }

    private static void dash(int number, StringBuilder out) {
        if (number == 0) {
            out.append('-');
        } else {
            out.append(number);
        }
    }

    private String clfTime(long millis) {
        long second = Math.floorDiv(millis, 1000L);
        if (second != clfSecond) {
            clfSecond = second;
            clf = CLF.format(Instant.ofEpochSecond(second));
        }
        return clf;
    }

    /// The path alone, also of `http://user:password@host/path?query`.
    static String path(String target) {
        int scheme = target.indexOf("://");
        int slash = scheme < 0 ? 0 : target.indexOf('/', scheme + 3);
        return withoutQuery(slash < 0 ? "/" : target.substring(slash));
    }

    private static String withoutQuery(String url) {
        for (int i = 0; i < url.length(); i++) {
            if (url.charAt(i) == '?' || url.charAt(i) == '#') {
                return url.substring(0, i);
            }
        }
        return url;
    }

    /// As Apache and nginx escape: the quote and the backslash, and bytes that are not printable ASCII as `\xHH`.
    private static void quoted(String text, StringBuilder out) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7f) {
                out.append(c);
            } else {
                // Netty reads heads as ISO 8859-1: one character is one byte of what came.
                out.append("\\x").append(Character.forDigit(c >> 4 & 0xf, 16)).append(Character.forDigit(c & 0xf, 16));
            }
        }
    }
}
