package dev.culvert.control.admin;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The JSON object of a request, each value asked for by its type.
record Arguments(Map<String, Object> values) {
    /// @throws IllegalArgumentException if it is missing
    String text(String name) {
        String text = optional(name);
        if (text == null) {
            throw new IllegalArgumentException(name + " is missing");
        }
        return text;
    }

    /// The text, or null where there is none or an empty one.
    @Nullable
    String optional(String name) {
        return values.get(name) instanceof String text && !text.isEmpty() ? text : null;
    }

    boolean flag(String name) {
        return Boolean.TRUE.equals(values.get(name));
    }

    List<String> list(String name) {
        return values.get(name) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }
}
