package dev.culvert.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.security.Security;
import java.util.List;
import java.util.concurrent.Callable;

/// Where the program begins. A node that is started without finesse does not wait for the command line's library,
/// which takes a fifth of a second to load; everything else, mistakes and `--help` included, is [CulvertCommand]'s.
public final class Main {
    /// sysexits.h: EX_CONFIG.
    static final int BROKEN_CONFIGURATION = 78;

    private Main() {}

    public static void main(String[] arguments) {
        forgetAddressesSoon();
        NodeProcess node = NodeProcess.plain(List.of(arguments));
        if (Training.SECONDS > 0) {
            System.exit(run(Training::run));
        }
        System.exit(node == null ? CulvertCommand.execute(arguments) : run(node::run));
    }

    /// A name that leads elsewhere must do so at once; the JVM would keep the old address for 30 s. The launchers say
    /// so
    /// by packaging/security.properties, for to say it here makes the JVM look for a logger in every jar.
    private static void forgetAddressesSoon() {
        if (Security.getProperty("networkaddress.cache.ttl") == null) {
            Security.setProperty("networkaddress.cache.ttl", "2");
            Security.setProperty("networkaddress.cache.negative.ttl", "1");
        }
    }

    private static int run(Callable<Integer> node) {
        try {
            return node.call();
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
