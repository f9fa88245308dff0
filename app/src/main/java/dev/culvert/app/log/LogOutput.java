package dev.culvert.app.log;

import dev.culvert.model.LogFormat;
import dev.culvert.model.LogLevel;
import dev.culvert.model.Observation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/// Standard error as a log: what is written and how. The settings may change while the process runs; any thread.
///
/// `CULVERT_LOG` in the environment, as in `CULVERT_LOG=debug,json`, counts more than any file.
public final class LogOutput {
    /// What Netty says below this is about itself and not about Culvert.
    private static final Level LIBRARIES = Level.WARN;

    private static final Forced FORCED = Forced.from(System.getenv("CULVERT_LOG"));
    private static final boolean JOURNAL = isJournal(System.getenv("JOURNAL_STREAM"));

    private static volatile LogFormat format = FORCED.format(LogFormat.PLAIN);
    private static volatile Level level = FORCED.level(LogLevel.INFO);

    private LogOutput() {}

    /// What the environment asks for.
    record Forced(@Nullable LogFormat format, @Nullable LogLevel level) {
        static Forced from(@Nullable String words) {
            LogFormat format = null;
            LogLevel level = null;
            for (String word : words == null
                    ? new String[0]
                    : words.toLowerCase(Locale.ROOT).split("[, ]+", -1)) {
                for (LogFormat known : LogFormat.values()) {
                    format = known.toString().equals(word) ? known : format;
                }
                for (LogLevel known : LogLevel.values()) {
                    level = known.toString().equals(word) ? known : level;
                }
            }
            return new Forced(format, level);
        }

        LogFormat format(LogFormat configured) {
            return format == null ? configured : format;
        }

        Level level(LogLevel configured) {
            return switch (level == null ? configured : level) {
                case ERROR -> Level.ERROR;
                case WARN -> Level.WARN;
                case INFO -> Level.INFO;
                case DEBUG -> Level.DEBUG;
            };
        }
    }

    /// Takes over what a model says.
    public static void apply(Observation settings) {
        format = FORCED.format(settings.logFormat());
        level = FORCED.level(settings.logLevel());
    }

    static boolean isOn(String logger, Level asked) {
        Level least = logger.startsWith("io.netty") && level.toInt() < LIBRARIES.toInt() ? LIBRARIES : level;
        return asked.toInt() >= least.toInt();
    }

    static void write(LogLine line) {
        String text = switch (format) {
            case JSON -> line.json(Instant.now());
            case PLAIN -> JOURNAL ? line.journal() : line.plain(Instant.now());
        };
        // One call a line: lines of several threads do not mix.
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.err.write(bytes, 0, bytes.length);
        System.err.flush();
    }

    /// systemd.exec(5): JOURNAL_STREAM names device and inode of the journal's socket; a program whose standard error
    /// was sent elsewhere still has the variable.
    private static boolean isJournal(@Nullable String stream) {
        if (stream == null) {
            return false;
        }
        try {
            Path err = Path.of("/proc/self/fd/2");
            return stream.equals(Files.getAttribute(err, "unix:dev") + ":" + Files.getAttribute(err, "unix:ino"));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
