package dev.culvert.model.config;

import java.util.Comparator;

/// A user's mistake: where it stands, what stands there, what was expected.
///
/// @param file the document as the user knows it
/// @param line 1-based; 0 where the document has no such place
/// @param column 1-based, in code points
/// @param path dotted, such as `services.photos.target` or `http.listen[1]`; empty for the document itself
/// @param message one line, without control characters, never a secret
public record Problem(String file, int line, int column, String path, String message) implements Comparable<Problem> {
    private static final Comparator<Problem> BY_PLACE =
            Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column);

    /// Order within one file; files stay in the order in which they were read because sorting is stable.
    @Override
    public int compareTo(Problem other) {
        return BY_PLACE.compare(this, other);
    }

    /// `gateway.yaml:12:11: services.photos.target: …`, a form that editors and terminals can follow.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(file);
        if (line > 0) {
            text.append(':').append(line).append(':').append(column);
        }
        if (!path.isEmpty()) {
            text.append(": ").append(path);
        }
        return text.append(": ").append(message).toString();
    }
}
