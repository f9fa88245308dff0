package dev.culvert.model.config;

import dev.culvert.model.Grants;
import dev.culvert.model.HostPattern;
import dev.culvert.model.PortRange;
import java.util.List;

/// [Grants] from the texts of a command line.
public final class GrantsText {
    private GrantsText() {}

    /// @throws IllegalArgumentException naming the first text that is wrong
    public static Grants parse(List<String> hosts, List<String> ports) {
        return new Grants(
                hosts.stream().map(GrantsText::host).toList(),
                ports.stream().map(GrantsText::port).toList());
    }

    private static HostPattern host(String text) {
        return read("host", Scalars.HOST_PATTERN, text);
    }

    private static PortRange port(String text) {
        return read("port", Scalars.PORTS, text);
    }

    private static <T> T read(String what, Scalar<T> scalar, String text) {
        try {
            return scalar.reader().read(text);
        } catch (Mismatch mismatch) {
            throw new IllegalArgumentException(
                    what + ": " + Echo.quote(text) + " " + mismatch.describe(scalar.expected()), mismatch);
        }
    }
}
