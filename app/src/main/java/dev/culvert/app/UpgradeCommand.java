package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "upgrade",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Replaces the running node with a new process, by default of the version that this command is of.",
            "",
            "Listening sockets, the tunnel's port and the state go to the new process; nobody is refused meanwhile."
                    + " The old one first lets requests end, for 2 s at most. What lasts longer is cut: a long transfer,"
                    + " a WebSocket, an SSH session. If the new process fails, the old one goes on.",
            "",
            "Linux only. The new process has another process id; a terminal that ran the old one is free again."
        },
        footer = {
            "",
            "Examples:",
            "  culvert upgrade",
            "  culvert upgrade --drain 10",
            "  culvert upgrade --binary /opt/culvert-old/culvert"
        })
final class UpgradeCommand implements Callable<Integer> {
    /// Set by the launcher: its own path.
    private static final String LAUNCHER = "culvert.launcher";

    @Mixin
    private StateOption state = new StateOption();

    @Option(
            names = "--binary",
            paramLabel = "PATH",
            description = "The program of the new process. Default: the one of this command. It, and every folder above"
                    + " it, must be writable for root or the node's user only.")
    private @Nullable Path binary;

    @Option(
            names = "--drain",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "How long requests may take to their end, 0 to 60. Default: ${DEFAULT-VALUE}.")
    private double drain;

    @Override
    public Integer call() throws Exception {
        Path program = binary;
        if (program == null) {
            String launcher = System.getProperty(LAUNCHER);
            if (launcher == null) {
                throw new IllegalArgumentException("this program does not know its own path: name it with --binary");
            }
            program = Path.of(launcher);
        }
        if (!(drain >= 0 && drain <= 60)) {
            throw new IllegalArgumentException("--drain: " + drain + " (expected: 0 to 60)");
        }
        Map<String, Object> answer = new AdminClient(new StateFolder(state.path()).adminSocket())
                .call(
                        "POST",
                        "/upgrade",
                        Map.of(
                                "program",
                                program.toAbsolutePath().normalize().toString(),
                                "drainMillis",
                                Math.round(drain * 1000)));
        System.out.println("process " + answer.get("pid") + " (culvert " + answer.get("version")
                + ") serves now; visitors waited for " + answer.get("drainMillis") + " ms, " + answer.get("cut")
                + " connections were cut");
        return 0;
    }
}
