package dev.culvert.model;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One setting before and after; an empty list where it is not set.
///
/// @param key the setting's path in the words of the configuration
public record SettingChange(String key, List<String> before, List<String> after) {
    public SettingChange {
        before = List.copyOf(before);
        after = List.copyOf(after);
    }

    static List<SettingChange> between(Map<String, List<String>> before, Map<String, List<String>> after) {
        Set<String> keys = new LinkedHashSet<>(before.keySet());
        keys.addAll(after.keySet());
        List<SettingChange> changes = new ArrayList<>();
        for (String key : keys) {
            List<String> old = before.getOrDefault(key, List.of());
            List<String> now = after.getOrDefault(key, List.of());
            if (!old.equals(now)) {
                changes.add(new SettingChange(key, old, now));
            }
        }
        return changes;
    }

    @Override
    public String toString() {
        return key + ": " + text(before) + " → " + text(after);
    }

    private static String text(List<String> values) {
        return values.isEmpty() ? "(default)" : String.join(", ", values);
    }
}
