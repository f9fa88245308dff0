package dev.culvert.app.log;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;
import org.slf4j.event.LoggingEvent;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.spi.LoggingEventAware;

/// One name's logger.
@SuppressWarnings("serial") // slf4j's loggers are serializable by name; nobody here does that
final class NamedLogger extends LegacyAbstractLogger implements LoggingEventAware {
    NamedLogger(String name) {
        this.name = name;
    }

    @Override
    public boolean isTraceEnabled() {
        return LogOutput.isOn(name, Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
        return LogOutput.isOn(name, Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
        return LogOutput.isOn(name, Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
        return LogOutput.isOn(name, Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return LogOutput.isOn(name, Level.ERROR);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            @Nullable String pattern,
            Object @Nullable [] arguments,
            @Nullable Throwable cause) {
        LogOutput.write(new LogLine(level, name, text(pattern, arguments), List.of(), cause));
    }

    /// What comes by slf4j's fluent calls, with its keys and values.
    @Override
    public void log(LoggingEvent event) {
        List<LogLine.Pair> pairs = new ArrayList<>();
        List<KeyValuePair> given = event.getKeyValuePairs();
        if (given != null) {
            given.forEach(pair -> pairs.add(new LogLine.Pair(pair.key, String.valueOf(pair.value))));
        }
        String message = text(event.getMessage(), event.getArgumentArray());
        LogOutput.write(new LogLine(event.getLevel(), name, message, pairs, event.getThrowable()));
    }

    private static String text(@Nullable String pattern, Object @Nullable [] arguments) {
        return String.valueOf(MessageFormatter.basicArrayFormat(pattern, arguments));
    }
}
