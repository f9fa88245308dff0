package dev.culvert.control.observe;

import java.util.List;

/// Every metric that a node has. The names are an interface: dashboards and alerts are made of them.
///
/// Label values are names of the model and constants of the program, so strangers cannot make series.
@SuppressWarnings("ImmutableEnumChecker") // the list is a copy
public enum Metric {
    BUILD(Type.INFO, "culvert_build", "What runs here.", "version", "java", "role", "node", "tunnel", "io"),
    CONNECTIONS(Type.GAUGE, "culvert_connections", "Connections (TCP) and requests (HTTP) that live now."),
    SERVICE_LIVE(
            Type.GAUGE,
            "culvert_service_live",
            "Connections (TCP) or requests (HTTP) of a service that live now.",
            "service",
            "site"),
    SERVICE_CONNECTIONS(
            Type.COUNTER,
            "culvert_service_connections",
            "Connections (TCP) or requests (HTTP) let through to a service.",
            "service",
            "site"),
    SERVICE_RECEIVED(
            Type.COUNTER,
            "culvert_service_received_bytes",
            "Bytes from visitors: bodies of requests, or all of a connection; with IP's headers where the kernel forwards.",
            "service",
            "site"),
    SERVICE_SENT(
            Type.COUNTER,
            "culvert_service_sent_bytes",
            "Bytes to visitors: bodies of responses, or all of a connection; with IP's headers where the kernel forwards.",
            "service",
            "site"),
    FORWARD_REFUSED(
            Type.COUNTER,
            "culvert_forward_refused_packets",
            "Packets to a service with forward: kernel that were not let through.",
            "service",
            "site"),
    RESPONSES(
            Type.COUNTER,
            "culvert_http_responses",
            "Responses to visitors of a service, those of the gateway itself included.",
            "service",
            "site",
            "class"),
    DURATION(
            Type.HISTOGRAM,
            "culvert_http_request_duration_seconds",
            "From a request's head to its response's last byte; upgraded connections are left out.",
            "service",
            "site"),
    DIAL_FAILURES(
            Type.COUNTER,
            "culvert_dial_failures",
            "Connections to a service's target that did not come about.",
            "service",
            "site",
            "reason"),
    HOP_LIVE(Type.GAUGE, "culvert_hop_live", "At a site: connections that gateways brought to a target now.", "target"),
    HOP_CONNECTIONS(Type.COUNTER, "culvert_hop_connections", "At a site: connections that gateways brought.", "target"),
    HOP_RECEIVED(Type.COUNTER, "culvert_hop_received_bytes", "At a site: bytes from gateways to a target.", "target"),
    HOP_SENT(Type.COUNTER, "culvert_hop_sent_bytes", "At a site: bytes from a target to gateways.", "target"),
    HOP_REFUSED(Type.COUNTER, "culvert_hop_refused", "At a site: what gateways asked for and did not get.", "reason"),
    SPLICED_CONNECTIONS(
            Type.COUNTER,
            "culvert_spliced_connections",
            "Connections that carried enough to be moved by the kernel, by splice(2)."),
    SPLICED_BYTES(Type.COUNTER, "culvert_spliced_bytes", "Bytes that were moved so, in both directions."),
    SPLICED_COPIED(
            Type.COUNTER,
            "culvert_spliced_copied_bytes",
            "Bytes of the same connections that were copied, as no pipe was to be had."),
    PEER_CONNECTED(
            Type.GAUGE,
            "culvert_peer_connected",
            "1 if the latest handshake with the peer is at most 180 s old (WireGuard's REJECT_AFTER_TIME).",
            "peer",
            "type"),
    PEER_HANDSHAKE_AGE(
            Type.GAUGE,
            "culvert_peer_handshake_age_seconds",
            "Seconds since the latest handshake; absent before the first.",
            "peer",
            "type"),
    PEER_ROUND_TRIP(
            Type.GAUGE,
            "culvert_peer_round_trip_seconds",
            "The latest round trip through the tunnel, by a probe or a connection; absent before the first.",
            "peer",
            "type"),
    PEER_RECEIVED(Type.COUNTER, "culvert_peer_received_bytes", "Bytes of genuine WireGuard datagrams.", "peer", "type"),
    PEER_SENT(Type.COUNTER, "culvert_peer_sent_bytes", "Bytes of WireGuard datagrams sent.", "peer", "type"),
    PEER_MOVES(
            Type.COUNTER,
            "culvert_peer_moves",
            "How often the peer was heard from a new address; a steady rise is a key on two machines.",
            "peer",
            "type"),
    DENIED(Type.COUNTER, "culvert_denied", "Visitors not let through.", "reason"),
    HTTP_REFUSED(Type.COUNTER, "culvert_http_refused", "Requests refused as malformed or ambiguous.", "reason"),
    DROPS(Type.COUNTER, "culvert_tunnel_drops", "Packets dropped inside the tunnel's layers.", "layer", "reason"),
    EVENTS(Type.COUNTER, "culvert_events", "Everything else that is counted, by its kind.", "kind"),
    CERTIFICATE_EXPIRY(
            Type.GAUGE,
            "culvert_certificate_expiry_seconds",
            "Seconds until the certificate that a name is served with ends; below 0 it has.",
            "name",
            "source"),
    CERTIFICATE_FAILURES(
            Type.COUNTER, "culvert_certificate_failures", "Orders of certificates that came to nothing.", "reason"),
    ACCESS_WRITTEN(Type.COUNTER, "culvert_access_log_lines", "Lines of the access log that were written."),
    ACCESS_DROPPED(Type.COUNTER, "culvert_access_log_dropped", "Lines of the access log lost to a slow or full disk."),
    START(Type.GAUGE, "process_start_time_seconds", "When the process started, in seconds since 1970."),
    CPU(Type.COUNTER, "process_cpu_seconds", "Time on the processors, in user and system mode."),
    RESIDENT(Type.GAUGE, "process_resident_memory_bytes", "Memory of the process in RAM."),
    OPEN_FDS(Type.GAUGE, "process_open_fds", "Open file descriptors."),
    MAX_FDS(Type.GAUGE, "process_max_fds", "The most file descriptors that may be open."),
    MEMORY_USED(Type.GAUGE, "jvm_memory_used_bytes", "Memory that the JVM uses.", "area"),
    MEMORY_MAX(Type.GAUGE, "jvm_memory_max_bytes", "The most memory that the JVM may use.", "area"),
    THREADS(Type.GAUGE, "jvm_threads_current", "Platform threads of the JVM."),
    GC_SECONDS(Type.COUNTER, "jvm_gc_collection_seconds", "Time spent in garbage collections.", "gc"),
    GC_COUNT(Type.COUNTER, "jvm_gc_collections", "Garbage collections.", "gc");

    /// The types of the exposition formats that are used here.
    enum Type {
        COUNTER("_total"),
        GAUGE(""),
        HISTOGRAM(""),
        INFO("_info");

        private final String suffix;

        Type(String suffix) {
            this.suffix = suffix;
        }

        @Override
        public String toString() {
            return this == INFO ? "info" : this == COUNTER ? "counter" : this == GAUGE ? "gauge" : "histogram";
        }
    }

    private final Type type;
    private final String base;
    private final String help;
    private final List<String> labels;

    Metric(Type type, String base, String help, String... labels) {
        this.type = type;
        this.base = base;
        this.help = help;
        this.labels = List.of(labels);
    }

    Type type() {
        return type;
    }

    /// The name without what its type adds.
    String base() {
        return base;
    }

    /// The name as it is exposed; a histogram adds `_bucket`, `_sum` and `_count`.
    public String exposed() {
        return base + type.suffix;
    }

    String help() {
        return help;
    }

    List<String> labels() {
        return labels;
    }

    /// The table of all metrics in Markdown, for docs/observability.md.
    public static String table() {
        StringBuilder text = new StringBuilder("| metric | type | labels | meaning |\n|---|---|---|---|\n");
        for (Metric metric : values()) {
            String labels = metric.labels.isEmpty() ? "" : "`" + String.join("`, `", metric.labels) + "`";
            text.append("| `%s` | %s | %s | %s |%n"
                    .formatted(metric.exposed(), metric.type, labels, metric.help.replace("|", "\\|")));
        }
        return text.toString();
    }
}
