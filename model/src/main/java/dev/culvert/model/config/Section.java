package dev.culvert.model.config;

import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/// The values of one section that could be read, by field, and where to note what is wrong with their combination.
final class Section {
    private final String path;
    private final Notes notes;
    // A field is a constant of its shape: it is itself, and no other that looks like it.
    private final IdentityHashMap<Field<?>, Object> values = new IdentityHashMap<>();

    Section(String path, Notes notes) {
        this.path = path;
        this.notes = notes;
    }

    <T> void put(Field<T> field, T value) {
        values.put(field, value);
    }

    /// The value, or null if the text does not give it or gives a wrong one.
    @SuppressWarnings("unchecked") // put() binds a Field<T> to a T only
    <T> @Nullable T get(Field<T> field) {
        return (T) values.get(field);
    }

    <T> T get(Field<T> field, T fallback) {
        T value = get(field);
        return value == null ? fallback : value;
    }

    /// Whether the text has the key, right or wrong: what is wrong has been noted and needs no second word.
    boolean mentions(Field<?> field) {
        return notes.places().has(path(field));
    }

    /// Whether something that stands behind the key is wrong.
    boolean isBroken(Field<?> field) {
        return notes.hasProblemAt(path(field));
    }

    String path(Field<?> field) {
        return path.isEmpty() ? field.key() : path + "." + field.key();
    }

    void note(String message) {
        notes.add(path, message);
    }

    void note(Field<?> field, String message) {
        notes.add(path(field), message);
    }
}
