package dev.culvert.model.config;

import dev.culvert.model.AccessLogSettings;
import dev.culvert.model.Bind;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.LogFormat;
import dev.culvert.model.LogLevel;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/// The sections `metrics:`, `log:` and `access-log:`, the same in both files.
final class ObservationSchema {
    private static final String TUNNEL = "tunnel:";

    // AD-01: what tells of every service and site is no public page.
    static final Field<List<Listener>> METRICS_LISTEN = Field.optional(
            "listen",
            new ListOf<>(Scalar.of(
                    "loopback or the tunnel: 127.0.0.1:9464, [::1]:9464 or tunnel:9464",
                    ObservationSchema::readMetricsListen)),
            "nowhere",
            "where Prometheus finds `/metrics`");
    static final Field<List<IpPrefix>> METRICS_ALLOW = Field.optional(
            "allow",
            new ListOf<>(NetworkScalars.PREFIX),
            "who reaches the loopback address",
            "who may scrape; needed with `tunnel:`, where every site could");
    static final Field<Section> METRICS =
            Field.optional("metrics", Shape.of(METRICS_LISTEN, METRICS_ALLOW), "metrics for Prometheus");

    static final Field<LogFormat> LOG_FORMAT = Field.optional(
            "format",
            Scalar.word(Map.of(), LogFormat.PLAIN, LogFormat.JSON),
            LogFormat.PLAIN,
            "how log lines are written, on standard error");
    static final Field<LogLevel> LOG_LEVEL = Field.optional(
            "level",
            Scalar.word(Map.of(), LogLevel.values()),
            LogLevel.INFO,
            "the least that is logged; `CULVERT_LOG` in the environment overrides both");
    static final Field<Section> LOG = Field.optional("log", Shape.of(LOG_FORMAT, LOG_LEVEL), "the node's own log");

    static final Field<String> ACCESS_FILE = Field.required(
            "file",
            Scalar.of("a path, or stdout", ObservationSchema::readFile),
            "where the lines go; opened again on SIGHUP");
    static final Field<AccessLogSettings.Format> ACCESS_FORMAT = Field.optional(
            "format",
            Scalar.word(Map.of(), AccessLogSettings.Format.COMBINED, AccessLogSettings.Format.JSON),
            AccessLogSettings.Format.COMBINED,
            "`combined` is what fail2ban and goaccess read");
    static final Field<Section> ACCESS_LOG = Field.optional(
            "access-log",
            Shape.of(ACCESS_FILE, ACCESS_FORMAT),
            "one line for each HTTP request and TCP connection; off without this section");

    private ObservationSchema() {}

    static Config.ObservationConfig read(Section root) {
        Section metrics = root.get(METRICS);
        Section log = root.get(LOG);
        Section access = root.get(ACCESS_LOG);
        List<Listener> listen = metrics == null ? null : metrics.get(METRICS_LISTEN);
        List<IpPrefix> scrapers = metrics == null ? null : metrics.get(METRICS_ALLOW);
        boolean inside =
                listen != null && listen.stream().anyMatch(listener -> listener.scope() == Listener.Scope.TUNNEL);
        boolean open = scrapers == null || scrapers.isEmpty();
        if (metrics != null && inside && open && (scrapers != null || !metrics.mentions(METRICS_ALLOW))) {
            metrics.note(METRICS_LISTEN, "tunnel: is open to every peer (expected: metrics.allow with who may scrape)");
        }
        String file = access == null ? null : access.get(ACCESS_FILE);
        return new Config.ObservationConfig(
                listen,
                scrapers,
                log == null ? null : log.get(LOG_FORMAT),
                log == null ? null : log.get(LOG_LEVEL),
                access == null || file == null
                        ? null
                        : new AccessLogSettings(file, access.get(ACCESS_FORMAT, AccessLogSettings.Format.COMBINED)));
    }

    private static Listener readMetricsListen(String text) throws Mismatch {
        if (text.startsWith(TUNNEL)) {
            int port = Literals.port(text.substring(TUNNEL.length()));
            if (port < 0) {
                throw Mismatch.plain();
            }
            return new Listener(Listener.Scope.TUNNEL, Bind.any(port), Listener.Protocol.METRICS, null);
        }
        Endpoint endpoint = NetworkScalars.endpoint(text);
        int port = endpoint == null ? Literals.port(text) : endpoint.port();
        InetAddress address = endpoint == null ? null : Literals.address(endpoint.host());
        if (port < 0) {
            throw Mismatch.plain();
        }
        if (address == null || !address.isLoopbackAddress()) {
            throw Mismatch.because("metrics tell of every site and service: never on a public address")
                    .suggest("127.0.0.1:" + port);
        }
        return new Listener(Listener.Scope.LAN, new Bind(address, port), Listener.Protocol.METRICS, null);
    }

    private static String readFile(String text) throws Mismatch {
        if (text.isEmpty() || text.endsWith("/") || text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw Mismatch.plain();
        }
        return text;
    }
}
