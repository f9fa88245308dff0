package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a node tells about itself, and to whom: metrics, its log, and the access log.
///
/// Where metrics are served stands among the model's listeners.
///
/// @param scrapers who may read the metrics; empty means whoever reaches a loopback listener
/// @param logFormat how log lines are written
/// @param logLevel the least that is written
/// @param accessLog one line for each request and connection; null for none
public record Observation(
        List<IpPrefix> scrapers,
        LogFormat logFormat,
        LogLevel logLevel,
        @Nullable AccessLogSettings accessLog) implements Entry {
    public static final Observation DEFAULT = new Observation(List.of(), LogFormat.PLAIN, LogLevel.INFO, null);

    public Observation {
        scrapers = List.copyOf(scrapers);
    }

    @Override
    public String label() {
        return "metrics and logs";
    }

    @Override
    public Map<String, List<String>> settings() {
        Settings settings = new Settings()
                .putAll("metrics.allow", scrapers)
                .putUnless("log.format", LogFormat.PLAIN, logFormat)
                .putUnless("log.level", LogLevel.INFO, logLevel);
        if (accessLog != null) {
            settings.put("access-log.file", accessLog.file())
                    .putUnless("access-log.format", AccessLogSettings.Format.COMBINED, accessLog.format());
        }
        return settings.done();
    }
}
