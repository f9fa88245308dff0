package dev.culvert.model.config;

import dev.culvert.model.Origin;

/// One document to read: its text and where it came from.
///
/// @param origin how Problems name it, and whether it is a person's file or the store's
/// @param text the YAML text, at most [ConfigParser#MAX_BYTES] in UTF-8
public record Source(Origin origin, String text) {
    public static Source file(String name, String text) {
        return new Source(Origin.file(name), text);
    }

    public static Source store(String key, String text) {
        return new Source(Origin.store(key), text);
    }

    public static Source site(String name, String text) {
        return new Source(Origin.site(name), text);
    }

    /// Without the text: it may hold more than a log should.
    @Override
    public String toString() {
        return origin.toString();
    }
}
