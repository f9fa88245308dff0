package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// Ports from `first` to `last`, both included.
///
/// @param first 1..65535
/// @param last not below `first`
public record PortRange(int first, int last) {
    public PortRange {
        if (first < 1 || last < first || last > 65535) {
            throw new IllegalArgumentException("ports: " + first + "-" + last + " (expected: within 1..65535)");
        }
    }

    /// `8080` or `27000-27100`, or null if the text is neither.
    public static @Nullable PortRange parse(String text) {
        int dash = text.indexOf('-');
        int first = Literals.port(dash < 0 ? text : text.substring(0, dash));
        int last = dash < 0 ? first : Literals.port(text.substring(dash + 1));
        return first < 0 || last < first ? null : new PortRange(first, last);
    }

    public boolean contains(int port) {
        return port >= first && port <= last;
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
