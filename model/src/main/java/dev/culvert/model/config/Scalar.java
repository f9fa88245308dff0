package dev.culvert.model.config;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/// One value, read from its text as written: YAML's own ideas of numbers, dates and booleans play no part.
///
/// @param expected what a right value looks like
/// @param secret whether a wrong value may be a secret, and so must not be repeated
/// @param reader turns text into the value
record Scalar<T>(String expected, boolean secret, Reader<T> reader) implements Kind<T> {
    interface Reader<T> {
        T read(String text) throws Mismatch;
    }

    static <T> Scalar<T> of(String expected, Reader<T> reader) {
        return new Scalar<>(expected, false, reader);
    }

    static <T> Scalar<T> secret(String expected, Reader<T> reader) {
        return new Scalar<>(expected, true, reader);
    }

    /// One of several words.
    ///
    /// @param later words of other versions, each with what to say about it
    @SafeVarargs
    static <T> Scalar<T> word(Map<String, String> later, T... values) {
        Map<String, T> words = new LinkedHashMap<>();
        for (T value : values) {
            words.put(value.toString(), value);
        }
        String expected = String.join(" | ", words.keySet());
        return of(expected, text -> {
            T value = words.get(text);
            if (value != null) {
                return value;
            }
            String why = later.get(text);
            throw why == null
                    ? Mismatch.plain().suggest(Suggestion.nearest(text, words.keySet()))
                    : Mismatch.because(why);
        });
    }

    @Override
    public @Nullable T read(Node node, String path, Notes notes) {
        if (!(node instanceof ScalarNode scalar)) {
            notes.add(path, "a " + YamlText.what(node) + " (expected: " + expected + ")");
            return null;
        }
        if (YamlText.isNull(scalar)) {
            notes.add(path, "has no value (expected: " + expected + ")");
            return null;
        }
        try {
            return reader.read(scalar.getValue());
        } catch (Mismatch mismatch) {
            String shown = secret ? "(hidden)" : Echo.quote(scalar.getValue());
            notes.add(path, shown + " " + mismatch.describe(expected));
            return null;
        }
    }
}
