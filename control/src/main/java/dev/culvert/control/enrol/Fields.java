package dev.culvert.control.enrol;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON object's fields by type; what is missing or of another type is an [IllegalArgumentException] that names it.
record Fields(Map<?, ?> map) {
    String text(String name) {
        if (map.get(name) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(name + " (expected: a text)");
    }

    @Nullable
    String optional(String name) {
        return map.get(name) == null ? null : text(name);
    }

    long number(String name) {
        if (map.get(name) instanceof Number number) {
            return number.longValue();
        }
        throw new IllegalArgumentException(name + " (expected: a number)");
    }

    /// The texts of a list; none where there is no list.
    List<String> texts(String name) {
        return map.get(name) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    List<Fields> objects(String name) {
        if (map.get(name) instanceof List<?> list) {
            return list.stream()
                    .map(entry -> new Fields(entry instanceof Map<?, ?> object ? object : Map.of()))
                    .toList();
        }
        throw new IllegalArgumentException(name + " (expected: a list)");
    }
}
