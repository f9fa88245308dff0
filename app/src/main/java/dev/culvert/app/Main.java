package dev.culvert.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.security.Security;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Where the program begins. A node that is started without finesse does not wait for the command line's library,
/// which takes a fifth of a second to load; everything else, mistakes and `--help` included, is [CulvertCommand]'s.
public final class Main {
    /// sysexits.h: EX_CONFIG.
    static final int BROKEN_CONFIGURATION = 78;

    private Main() {}

    public static void main(String[] arguments) {
        // Netty would complain through the JDK's logger about what it does without.
        Logger.getLogger("io.netty").setLevel(Level.WARNING);
        // A name that leads elsewhere must do so at once; the JVM would keep the old address for 30 s.
        Security.setProperty("networkaddress.cache.ttl", "2");
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
        NodeProcess node = NodeProcess.plain(List.of(arguments));
        System.exit(node == null ? CulvertCommand.execute(arguments) : run(node));
    }

    private static int run(NodeProcess node) {
        try {
            return node.run();
        } catch (Exception failure) {
            return explain(failure, new PrintWriter(System.err, true, System.err.charset()));
        }
    }

    /// People read messages, not stacks; a stack says that the fault is ours.
    ///
    /// @return the exit code
    static int explain(Exception failure, PrintWriter to) {
        switch (failure) {
            case BrokenConfiguration broken -> {
                broken.problems().forEach(to::println);
                return BROKEN_CONFIGURATION;
            }
            case NotJoined _ -> {
                to.println("culvert: " + failure.getMessage());
                return BROKEN_CONFIGURATION;
            }
            case IOException _, IllegalArgumentException _ -> to.println("culvert: " + failure.getMessage());
            default -> failure.printStackTrace(to);
        }
        return 1;
    }
}
