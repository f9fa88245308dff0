package dev.culvert.app;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A node's status as text for people; shown again and again, it also tells rates.
final class StatusView {
    private final Map<String, Long> before = new HashMap<>();
    private long beforeNanos;
    private double seconds;

    String text(Map<String, Object> status) {
        long now = System.nanoTime();
        seconds = beforeNanos == 0 ? 0 : (now - beforeNanos) / 1e9;
        beforeNanos = now;
        StringBuilder text = new StringBuilder();
        Map<?, ?> tunnel = map(status.get("tunnel"));
        text.append("%s %s, up %s, %s connections%n"
                .formatted(
                        status.get("role"),
                        status.get("name"),
                        duration(number(status.get("uptimeSeconds"))),
                        status.get("connections")));
        text.append("tunnel %s (%s; %s) on UDP %s, addresses %s, key %s%n%n"
                .formatted(
                        tunnel.get("type"),
                        tunnel.get("chosen"),
                        tunnel.get("io"),
                        tunnel.get("listen"),
                        tunnel.get("addresses"),
                        tunnel.get("publicKey")));
        text.append(peers(status)).append('\n').append(services(status));
        text.append(certificates(status)).append(far(status));
        String events = events(status);
        return events.isEmpty()
                ? text.toString()
                : text.append('\n').append(events).toString();
    }

    private String peers(Map<String, Object> status) {
        Table table = new Table("PEER", "TYPE", "ADDRESS", "ENDPOINT", "HANDSHAKE", "RECEIVED", "SENT");
        for (Object entry : list(status.get("peers"))) {
            Map<?, ?> peer = map(entry);
            long age = peer.get("handshakeAgeSeconds") == null ? -1 : number(peer.get("handshakeAgeSeconds"));
            table.row(
                    peer.get("name"),
                    peer.get("type"),
                    peer.get("address"),
                    peer.get("endpoint"),
                    age < 0 ? "never" : duration(age) + " ago",
                    traffic("rx" + peer.get("name"), peer.get("receivedBytes")),
                    traffic("tx" + peer.get("name"), peer.get("sentBytes")));
        }
        return table.isEmpty() ? "no peers yet\n" : table.toString();
    }

    private String services(Map<String, Object> status) {
        Table table = new Table("SERVICE", "AT", "SITE", "TARGET", "LIVE", "TOTAL", "FROM VISITORS", "TO VISITORS");
        for (Object entry : list(status.get("services"))) {
            Map<?, ?> service = map(entry);
            table.row(
                    service.get("name"),
                    service.get("at"),
                    service.get("site"),
                    service.get("target"),
                    Objects.requireNonNullElse(service.get("live"), service.containsKey("forward") ? "-" : 0),
                    Objects.requireNonNullElse(service.get("connections"), 0),
                    traffic("in" + service.get("name"), service.get("receivedBytes")),
                    traffic("out" + service.get("name"), service.get("sentBytes")));
        }
        return table.isEmpty() ? "no services yet\n" : table + targets(status);
    }

    /// Each target of services that have several, or whose target is not well.
    private static String targets(Map<String, Object> status) {
        Table table = new Table("TARGET", "OF", "SITE", "HEALTH", "LIVE", "CHOSEN", "FAILED", "WHY");
        for (Object entry : list(status.get("services"))) {
            List<?> targets = list(map(entry).get("targets"));
            for (Object each : targets) {
                Map<?, ?> target = map(each);
                if (targets.size() > 1 || !"up".equals(target.get("health"))) {
                    table.row(
                            target.get("target"),
                            map(entry).get("name"),
                            target.get("site"),
                            target.get("health"),
                            target.get("live"),
                            target.get("chosen"),
                            target.get("failed"),
                            target.get("why"));
                }
            }
        }
        return table.isEmpty() ? "" : "\n" + table;
    }

    /// What names are served with; nothing where no TLS ends here.
    private static String certificates(Map<String, Object> status) {
        Table table = new Table("CERTIFICATE", "FROM", "STATE", "LEFT", "NEXT");
        StringBuilder troubles = new StringBuilder();
        for (Object entry : list(status.get("certificates"))) {
            Map<?, ?> certificate = map(entry);
            long left = number(certificate.get("secondsLeft"));
            Object next = certificate.get("next");
            table.row(
                    certificate.get("name"),
                    issuer(certificate),
                    certificate.get("state"),
                    left < 0 ? "ended" : duration(left),
                    next == null ? "" : String.valueOf(next).substring(0, 16) + "Z");
            String error = String.valueOf(certificate.get("error"));
            if (!error.isEmpty()) {
                String remedy = String.valueOf(certificate.get("remedy"));
                troubles.append(error).append(remedy.isEmpty() ? "\n" : "\n    " + remedy + "\n");
            }
        }
        return table.isEmpty() ? "" : "\n" + table + troubles;
    }

    private static String issuer(Map<?, ?> certificate) {
        String source = String.valueOf(certificate.get("source"));
        if (source.equals("stand-in")) {
            return "itself, browsers warn";
        }
        String name = String.valueOf(certificate.get("issuer")).replaceFirst("(?:^|.*,)CN=([^,]+).*", "$1");
        return source.equals("file") ? name + ", a file" : name;
    }

    /// What the other ends say of themselves; nothing where there are none.
    private static String far(Map<String, Object> status) {
        Table table = new Table("FAR END", "ROLE", "UP", "ITS TUNNEL TO HERE", "SERVICES");
        map(status.get("far")).forEach((name, entry) -> {
            Map<?, ?> far = map(entry);
            if (far.get("error") != null) {
                table.row(name, far.get("error"), "", "", "");
                return;
            }
            Map<?, ?> tunnel = map(far.get("you"));
            long age = tunnel.get("handshakeAgeSeconds") == null ? -1 : number(tunnel.get("handshakeAgeSeconds"));
            table.row(
                    name,
                    far.get("role"),
                    duration(number(far.get("uptimeSeconds"))),
                    tunnel.get("endpoint") + (age < 0 ? "" : ", handshake " + duration(age) + " ago"),
                    String.join(
                            ", ",
                            list(far.get("services")).stream()
                                    .map(service -> String.valueOf(map(service).get("name")))
                                    .toList()));
        });
        return table.isEmpty() ? "" : "\n" + table;
    }

    private static String events(Map<String, Object> status) {
        StringBuilder text = new StringBuilder();
        for (Object entry : list(status.get("events"))) {
            Map<?, ?> event = map(entry);
            text.append(String.valueOf(event.get("at")), 0, 19)
                    .append("Z  ")
                    .append(event.get("subject"))
                    .append(": ")
                    .append(event.get("text"))
                    .append('\n');
        }
        return text.toString();
    }

    private String traffic(String key, @Nullable Object value) {
        long bytes = value == null ? 0 : number(value);
        Long last = before.put(key, bytes);
        String total = bytes(bytes);
        if (last == null || seconds == 0 || bytes == last) {
            return total;
        }
        return total + " (" + bytes((long) ((bytes - last) / seconds)) + "/s)";
    }

    static String bytes(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : "%.1f %s".formatted(value, units[unit]);
    }

    static String duration(long seconds) {
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 7200) {
            return seconds / 60 + " min";
        }
        return seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " d";
    }

    private static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }

    private static Map<?, ?> map(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }

    private static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }
}
