package dev.culvert.app;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What happened at a node, oldest first: outages of tunnels and what else was reported, from its status.
final class EventsView {
    private EventsView() {}

    static String text(Map<String, Object> status) {
        Table table = new Table("TIME", "SUBJECT", "WHAT", "CAUSE", "DURATION");
        for (Map<String, Object> event : all(status)) {
            table.row(
                    String.valueOf(event.get("at")).substring(0, 19) + "Z",
                    event.get("subject"),
                    event.get("what"),
                    event.get("cause"),
                    duration(event.get("seconds")));
        }
        return table.isEmpty() ? "nothing has happened\n" : table.toString();
    }

    static Map<String, Object> list(Map<String, Object> status) {
        return Map.of("events", all(status));
    }

    private static List<Map<String, Object>> all(Map<String, Object> status) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Map<?, ?> outage : maps(status.get("outages"))) {
            boolean over = Boolean.TRUE.equals(outage.get("over"));
            Map<String, Object> event =
                    event(outage, over ? "outage, repair: " + outage.get("repair") : "outage, lasting");
            event.put("cause", outage.get("cause") + ": " + outage.get("text"));
            event.put("over", over);
            event.put("seconds", outage.get("seconds") instanceof Number seconds ? seconds : 0);
            all.add(event);
        }
        for (Map<?, ?> reported : maps(status.get("events"))) {
            Map<String, Object> event = event(reported, String.valueOf(reported.get("kind")));
            event.put("cause", String.valueOf(reported.get("text")));
            all.add(event);
        }
        all.sort(Comparator.comparing(event -> String.valueOf(event.get("at"))));
        return all;
    }

    private static Map<String, Object> event(Map<?, ?> from, String what) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("at", String.valueOf(from.get("at")));
        event.put("subject", String.valueOf(from.get("subject")));
        event.put("what", what);
        return event;
    }

    private static @Nullable String duration(@Nullable Object seconds) {
        if (!(seconds instanceof Number number)) {
            return null;
        }
        double exact = number.doubleValue();
        return exact < 120 ? "%.1f s".formatted(exact) : StatusView.duration((long) exact);
    }

    private static List<Map<?, ?>> maps(@Nullable Object list) {
        List<Map<?, ?>> maps = new ArrayList<>();
        if (list instanceof List<?> entries) {
            for (Object entry : entries) {
                if (entry instanceof Map<?, ?> map) {
                    maps.add(map);
                }
            }
        }
        return maps;
    }
}
