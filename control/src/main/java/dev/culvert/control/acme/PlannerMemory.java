package dev.culvert.control.acme;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a [RenewalPlanner] has learnt, as a text: a restart neither forgets a limit nor begins a back-off anew.
final class PlannerMemory {
    private PlannerMemory() {}

    static String write(RenewalPlanner planner) throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("caFailures", planner.caFailures);
        map.put("caTryAt", planner.caTryAt.toString());
        map.put("orders", times(planner.orders));
        Map<String, Object> firsts = new LinkedHashMap<>();
        planner.firsts.forEach((domain, times) -> firsts.put(domain, times(times)));
        map.put("firsts", firsts);
        Map<String, Object> names = new LinkedHashMap<>();
        planner.plans.values().forEach(plan -> names.put(plan.name, write(plan)));
        map.put("names", names);
        return JSON.std.asString(map);
    }

    private static Map<String, Object> write(NamePlan plan) {
        Map<String, Object> map = new LinkedHashMap<>();
        Lifetime life = plan.lifetime == null ? plan.remembered : plan.lifetime;
        put(map, "life", life);
        put(map, "window", plan.window);
        map.put("renewAt", plan.renewAt.toString());
        map.put("askInfoAt", plan.askInfoAt.toString());
        map.put("failures", plan.failures);
        map.put("tryAt", plan.tryAt.toString());
        map.put("limitedUntil", plan.limitedUntil.toString());
        map.put("rejected", times(plan.rejected));
        map.put("issued", times(plan.issued));
        OrderFailure failure = plan.failure;
        Instant failedAt = plan.failedAt;
        if (failure != null && failedAt != null) {
            map.put("failedAt", failedAt.toString());
            map.put("fault", failure.fault().name());
            map.put("text", failure.text());
            map.put("remedy", failure.remedy());
        }
        return map;
    }

    private static void put(Map<String, Object> map, String key, @Nullable Lifetime life) {
        if (life != null) {
            map.put(key, List.of(life.from().toString(), life.until().toString()));
        }
    }

    private static List<String> times(Collection<Instant> times) {
        return times.stream().map(Instant::toString).toList();
    }

    /// Into a planner that has learnt nothing yet.
    ///
    /// @throws IOException if this is no such text; the planner is to be thrown away then
    static void read(String text, RenewalPlanner planner) throws IOException {
        try {
            Map<String, Object> map = JSON.std.mapFrom(text);
            planner.caFailures = number(map.get("caFailures"));
            planner.caTryAt = instant(map.get("caTryAt"));
            times(map.get("orders"), planner.orders);
            section(map.get("firsts")).forEach((domain, times) -> {
                Deque<Instant> into = new ArrayDeque<>();
                times(times, into);
                planner.firsts.put(String.valueOf(domain), into);
            });
            section(map.get("names")).forEach((name, plan) -> {
                NamePlan into = new NamePlan(String.valueOf(name));
                read(section(plan), into);
                planner.plans.put(into.name, into);
            });
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new IOException("not what this version writes: " + e.getMessage(), e);
        }
    }

    private static void read(Map<?, ?> map, NamePlan plan) {
        plan.remembered = lifetime(map.get("life"));
        plan.window = lifetime(map.get("window"));
        plan.renewAt = instant(map.get("renewAt"));
        plan.askInfoAt = instant(map.get("askInfoAt"));
        plan.failures = number(map.get("failures"));
        plan.tryAt = instant(map.get("tryAt"));
        plan.limitedUntil = instant(map.get("limitedUntil"));
        times(map.get("rejected"), plan.rejected);
        times(map.get("issued"), plan.issued);
        if (map.get("fault") != null) {
            plan.failedAt = instant(map.get("failedAt"));
            plan.failure = new OrderFailure(
                    OrderFault.valueOf(String.valueOf(map.get("fault"))),
                    String.valueOf(map.get("text")),
                    String.valueOf(map.get("remedy")),
                    null);
        }
    }

    private static @Nullable Lifetime lifetime(@Nullable Object value) {
        return value instanceof List<?> list && list.size() == 2
                ? new Lifetime(instant(list.get(0)), instant(list.get(1)))
                : null;
    }

    private static void times(@Nullable Object value, Deque<Instant> into) {
        if (value instanceof List<?> list) {
            list.forEach(time -> into.addLast(instant(time)));
        }
    }

    private static Instant instant(@Nullable Object value) {
        return Instant.parse(String.valueOf(value));
    }

    private static int number(@Nullable Object value) {
        return value instanceof Number number ? number.intValue() : 0;
    }

    private static Map<?, ?> section(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : Map.of();
    }
}
