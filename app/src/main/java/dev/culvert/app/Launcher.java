package dev.culvert.app;

import dev.culvert.control.store.StateFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The start script that began this process, for what has to begin it again: a unit file, another user.
final class Launcher {
    private Launcher() {}

    /// @throws IOException if this process was started without the script
    static Path path() throws IOException {
        String given = System.getProperty("culvert.launcher", "");
        if (given.isEmpty()) {
            throw new IOException("start this by the script `culvert`, not by java: the service needs its path");
        }
        return Path.of(given).toAbsolutePath();
    }

    static void requireRoot(String command) throws IOException {
        if (!System.getProperty("user.name").equals("root")) {
            throw new IOException("this changes the system: sudo culvert " + command);
        }
    }

    /// Runs a command of ours as the user to whom the state belongs: what root left there, that user could not read,
    /// and
    /// root had better not write where another user may plant links.
    ///
    /// @param input for the command's standard input; not an argument, for those can be seen by others
    /// @return its exit code
    static int asOwner(StateFolder folder, List<String> arguments, String input) throws IOException {
        String owner = folder.owner();
        List<String> command = new ArrayList<>(
                List.of("setpriv", "--reuid=" + owner, "--regid=" + owner, "--clear-groups", "--", path().toString()));
        command.addAll(arguments);
        command.addAll(List.of("--state", folder.path().toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        // The folder that root happens to be in is perhaps closed to that user.
        Process process = builder.directory(folder.path().toFile()).start();
        try (var in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
