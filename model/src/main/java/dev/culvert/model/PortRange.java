package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// Ports from `first` to `last`, both included.
///
/// @param first 1..65535
/// @param last not below `first`
public record PortRange(Transport transport, int first, int last) {
    public PortRange {
        if (first < 1 || last < first || last > 65535) {
            throw new IllegalArgumentException("ports: " + first + "-" + last + " (expected: within 1..65535)");
        }
    }

    /// `8080`, `27000-27100`, `53/udp`, or null if the text is none of these. Without a word it is TCP.
    public static @Nullable PortRange parse(String text) {
        boolean udp = text.endsWith("/udp");
        String ports = udp || text.endsWith("/tcp") ? text.substring(0, text.length() - 4) : text;
        int dash = ports.indexOf('-');
        int first = Literals.port(dash < 0 ? ports : ports.substring(0, dash));
        int last = dash < 0 ? first : Literals.port(ports.substring(dash + 1));
        return first < 0 || last < first ? null : new PortRange(udp ? Transport.UDP : Transport.TCP, first, last);
    }

    /// Whether it has all ports of `bind`.
    public boolean covers(Transport wanted, Bind bind) {
        return transport == wanted && bind.port() >= first && bind.last() <= last;
    }

    @Override
    public String toString() {
        String ports = first == last ? Integer.toString(first) : first + "-" + last;
        return transport == Transport.UDP ? ports + "/udp" : ports;
    }
}
