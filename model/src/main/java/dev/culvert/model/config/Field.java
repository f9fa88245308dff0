package dev.culvert.model.config;

/// A key of a [Shape]: its name, what stands behind it, and what the reference says about it.
///
/// @param key as written
/// @param kind what may stand behind it
/// @param fallback what counts where it is absent, in words; empty if nothing does
/// @param required whether its absence is a problem
/// @param doc one line for the reference
record Field<T>(String key, Kind<T> kind, String fallback, boolean required, String doc) {
    static <T> Field<T> optional(String key, Kind<T> kind, String doc) {
        return new Field<>(key, kind, "", false, doc);
    }

    static <T> Field<T> optional(String key, Kind<T> kind, Object fallback, String doc) {
        return new Field<>(key, kind, fallback.toString(), false, doc);
    }

    static <T> Field<T> required(String key, Kind<T> kind, String doc) {
        return new Field<>(key, kind, "", true, doc);
    }
}
