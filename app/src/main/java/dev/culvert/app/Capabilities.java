package dev.culvert.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What this process may do beyond an ordinary one (capabilities(7)).
///
/// @param effective the bits in force
record Capabilities(long effective) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String LINE = "CapEff:";
    private static final int CAP_NET_ADMIN = 12;
    private static final int HEX = 16;

    /// None where there is no Linux.
    static Capabilities now() {
        try {
            return parse(Files.readString(STATUS));
        } catch (IOException e) {
            return new Capabilities(0);
        }
    }

    /// @param status as /proc/self/status has it
    static Capabilities parse(String status) {
        return new Capabilities(status.lines()
                .filter(line -> line.startsWith(LINE))
                .map(line ->
                        Long.parseUnsignedLong(line.substring(LINE.length()).strip(), HEX))
                .findFirst()
                .orElse(0L));
    }

    /// Interfaces, routes and rules.
    boolean netAdmin() {
        return (effective >>> CAP_NET_ADMIN & 1) == 1;
    }
}
