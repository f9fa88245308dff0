package dev.culvert.model.config;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where each path of a document stands in its text, so that a check which sees only values can still point.
public final class Places {
    private final Map<String, Place> byPath = new HashMap<>();

    /// A 1-based line and column.
    public record Place(int line, int column) {
        static final Place NOWHERE = new Place(0, 0);
    }

    Places() {}

    void put(String path, Place place) {
        byPath.put(path, place);
    }

    /// Whether the document mentions `path`, even if what stands there could not be used.
    public boolean has(String path) {
        return byPath.containsKey(path);
    }

    /// The place of `path`, or of the nearest section around it.
    public Place of(String path) {
        for (@Nullable String at = path; at != null; at = parent(at)) {
            Place place = byPath.get(at);
            if (place != null) {
                return place;
            }
        }
        return Place.NOWHERE;
    }

    private static @Nullable String parent(String path) {
        int cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
        return cut < 0 ? null : path.substring(0, cut);
    }
}
