package dev.culvert.app.log;

import dev.culvert.control.observe.LogText;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/// What is logged, and the three ways to write it. Whatever a message holds, it cannot begin a line of its own.
///
/// @param pairs what programs may want to know; part of the JSON form only, for the message tells people
record LogLine(
        Level level,
        String logger,
        String message,
        List<Pair> pairs,
        @Nullable Throwable cause) {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    record Pair(String key, String value) {}

    /// For a terminal or a file.
    String plain(Instant now) {
        String head = SECONDS.format(now) + " " + (level.toString() + "  ").substring(0, 5) + " ";
        return lines(head, "    ");
    }

    /// For the journal, which knows the time and takes the severity from sd-daemon(3)'s prefix.
    String journal() {
        return lines("<" + priority() + ">", "<" + priority() + ">    ");
    }

    /// One object on one line.
    String json(Instant now) {
        StringBuilder out = new StringBuilder(160);
        out.append("{\"time\":\"").append(MILLIS.format(now));
        out.append("\",\"level\":\"")
                .append(level.toString().toLowerCase(Locale.ROOT))
                .append("\",\"logger\":");
        LogText.json(logger, out);
        out.append(",\"message\":");
        LogText.json(message, out);
        for (Pair pair : pairs) {
            out.append(',');
            LogText.json(pair.key(), out);
            out.append(':');
            LogText.json(pair.value(), out);
        }
        if (cause != null) {
            out.append(",\"exception\":");
            LogText.json(stack(cause), out);
        }
        return out.append("}\n").toString();
    }

    /// A stack takes more lines; each of them is marked as one.
    private String lines(String head, String further) {
        StringBuilder out = new StringBuilder(head.length() + message.length() + 2).append(head);
        LogText.plain(message, out);
        out.append('\n');
        if (cause != null) {
            stack(cause).lines().forEach(line -> {
                out.append(further);
                LogText.plain(line.strip(), out);
                out.append('\n');
            });
        }
        return out.toString();
    }

    private static String stack(Throwable cause) {
        StringWriter text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text));
        return text.toString().stripTrailing();
    }

    /// Of syslog(3).
    private int priority() {
        return switch (level) {
            case ERROR -> 3;
            case WARN -> 4;
            case INFO -> 6;
            case DEBUG, TRACE -> 7;
        };
    }
}
