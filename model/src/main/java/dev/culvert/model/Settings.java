package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects an [Entry]'s settings in order, leaving out what is absent.
final class Settings {
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    Settings put(String key, @Nullable Object value) {
        if (value != null) {
            values.put(key, List.of(value.toString()));
        }
        return this;
    }

    Settings putUnless(String key, Object fallback, Object value) {
        return value.equals(fallback) ? this : put(key, value);
    }

    /// Where the default is a list, an empty one says something.
    Settings putUnlessAll(String key, List<?> fallback, List<?> list) {
        return list.equals(fallback) ? this : putList(key, list);
    }

    Settings putAll(String key, List<?> list) {
        return list.isEmpty() ? this : putList(key, list);
    }

    private Settings putList(String key, List<?> list) {
        List<String> texts = new ArrayList<>();
        for (Object value : list) {
            texts.add(text(value));
        }
        values.put(key, Collections.unmodifiableList(texts));
        return this;
    }

    Map<String, List<String>> done() {
        return Collections.unmodifiableMap(values);
    }

    private static String text(Object value) {
        return switch (value) {
            case InetAddress address -> Literals.format(address);
            case IpPrefix prefix -> Literals.format(prefix);
            default -> value.toString();
        };
    }
}
