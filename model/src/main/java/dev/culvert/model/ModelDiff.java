package dev.culvert.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What has to happen to get from one [Model] to another.
///
/// An entry that only moved to another document is no change. The order is that of applying: what needs a restart, then
/// peers, services and listeners; within each what is added or changed before what is removed.
///
/// @param changes empty if nothing has to happen
public record ModelDiff(List<Change> changes) {
    public ModelDiff {
        changes = List.copyOf(changes);
    }

    public static ModelDiff between(Model before, Model after) {
        List<Change> changes = new ArrayList<>();
        for (SettingChange setting : SettingChange.between(nodeSettings(before), nodeSettings(after))) {
            changes.add(new Change.NeedsRestart(setting));
        }
        compare(before.sites(), after.sites(), changes);
        compare(before.gateways(), after.gateways(), changes);
        compare(rules(before), rules(after), changes);
        compare(before.services(), after.services(), changes);
        compare(sockets(before), sockets(after), changes);
        compare(Map.of("", before.https()), Map.of("", after.https()), changes);
        compare(Map.of("", before.arrivals()), Map.of("", after.arrivals()), changes);
        compare(Map.of("", before.observation()), Map.of("", after.observation()), changes);
        compare(acme(before), acme(after), changes);
        return new ModelDiff(changes);
    }

    public boolean isEmpty() {
        return changes.isEmpty();
    }

    /// Whether some of it waits for the next start.
    public boolean needsRestart() {
        return changes.stream().anyMatch(Change.NeedsRestart.class::isInstance);
    }

    /// One line for each change, with its settings indented below it; for people.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Change change : changes) {
            text.append(change).append('\n');
            switch (change) {
                case Change.Added added -> settings(added.entry(), text);
                case Change.Changed changed ->
                    changed.settings()
                            .forEach(setting ->
                                    text.append("    ").append(setting).append('\n'));
                case Change.Removed removed -> {}
                case Change.NeedsRestart restart -> {}
            }
        }
        return text.isEmpty() ? "no changes\n" : text.toString();
    }

    private static void settings(Entry entry, StringBuilder text) {
        entry.settings()
                .forEach((key, values) -> text.append("    ")
                        .append(key)
                        .append(": ")
                        .append(String.join(", ", values))
                        .append('\n'));
    }

    private static <E extends Entry> void compare(Map<String, E> before, Map<String, E> after, List<Change> changes) {
        after.forEach((name, entry) -> {
            Entry old = before.get(name);
            if (old == null) {
                changes.add(new Change.Added(entry));
            } else if (!old.settings().equals(entry.settings())) {
                changes.add(new Change.Changed(old, entry));
            }
        });
        before.forEach((name, entry) -> {
            if (!after.containsKey(name)) {
                changes.add(new Change.Removed(entry));
            }
        });
    }

    private static Map<String, Listener> sockets(Model model) {
        Map<String, Listener> sockets = new LinkedHashMap<>();
        model.listeners().forEach(listener -> sockets.put(listener.label(), listener));
        return sockets;
    }

    private static Map<String, SiteRules> rules(Model model) {
        return Map.of("", model.rules());
    }

    private static Map<String, AcmeSettings> acme(Model model) {
        AcmeSettings acme = model.acme();
        return acme == null ? Map.of() : Map.of("", acme);
    }

    private static Map<String, List<String>> nodeSettings(Model model) {
        Map<String, List<String>> settings = new LinkedHashMap<>();
        settings.put("role", List.of(model.role().toString()));
        settings.put("name", List.of(model.name()));
        model.tunnel().settings().forEach((key, values) -> settings.put("tunnel." + key, values));
        return settings;
    }
}
