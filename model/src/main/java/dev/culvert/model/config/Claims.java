package dev.culvert.model.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// What only one entry can have (a name, a host, a port, a key, an address), and who has it: whoever came first.
final class Claims<K> {
    private final Map<K, String> holders = new LinkedHashMap<>();
    private final @Nullable BiPredicate<K, K> clash;

    private Claims(@Nullable BiPredicate<K, K> clash) {
        this.clash = clash;
    }

    /// Claims that clash where they are equal.
    static <K> Claims<K> distinct() {
        return new Claims<>(null);
    }

    /// Claims that clash by a rule of their own; each new one is held against all.
    static <K> Claims<K> clashing(BiPredicate<K, K> clash) {
        return new Claims<>(clash);
    }

    /// Whether nobody holds `key`; notes who does.
    boolean isFree(K key, Place place) {
        String holder = holder(key);
        if (holder != null) {
            place.note("is taken by " + holder);
        }
        return holder == null;
    }

    void hold(K key, Place place) {
        holders.putIfAbsent(key, place.describe());
    }

    /// @param holder in words
    void hold(K key, String holder) {
        holders.putIfAbsent(key, holder);
    }

    @Nullable
    String holder(K key) {
        if (clash == null) {
            return holders.get(key);
        }
        for (Map.Entry<K, String> held : holders.entrySet()) {
            if (clash.test(held.getKey(), key)) {
                return held.getValue();
            }
        }
        return null;
    }

    /// A path in a document, and the value that is claimed there.
    record Place(ConfigParser.Draft draft, String path, String shown) {
        /// The same place, with another value.
        Place showing(String value) {
            return new Place(draft, path, value);
        }

        void note(String message) {
            draft.notes().add(path, shown + " " + message);
        }

        /// `services.photos.host (gateway.yaml:12:11)`.
        String describe() {
            Places.Place at = draft.config().places().of(path);
            return path + " (" + draft.config().origin() + ":" + at.line() + ":" + at.column() + ")";
        }
    }
}
