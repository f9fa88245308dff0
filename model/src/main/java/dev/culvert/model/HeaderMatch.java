package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// A header field that a request must have.
///
/// @param name a token in lower case
/// @param value what one field of that name must say, exactly; null takes any value
public record HeaderMatch(String name, @Nullable String value) {
    /// Whether no request can have both, as a field that stands once says one thing.
    boolean excludes(HeaderMatch other) {
        String mine = value;
        return mine != null && other.value != null && name.equals(other.name) && !mine.equals(other.value);
    }

    @Override
    public String toString() {
        return value == null ? name : name + ": " + value;
    }
}
