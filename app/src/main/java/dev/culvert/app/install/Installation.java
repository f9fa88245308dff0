package dev.culvert.app.install;

import dev.culvert.control.store.StateFolder;
import dev.culvert.model.Role;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The service on this machine: what there is of it, and the steps that make it or take it away.
///
/// One role a machine: gateway and site share the unit's name, the user and the state folder.
public final class Installation {
    private static final String STATE = StateFolder.INSTALLED.toString();
    // The sandbox hides these: a program that lies there could not be started.
    private static final List<Path> HIDDEN = List.of(Path.of("/home"), Path.of("/root"), Path.of("/tmp"));

    private final Path unit;
    private final Path configuration;
    private final boolean userExists;

    /// @param root of the file system, `/` but in tests
    public Installation(Path root) throws IOException {
        this.unit = root.resolve("etc/systemd/system").resolve(ServiceUnit.NAME);
        this.configuration = root.resolve("etc/culvert");
        Path users = root.resolve("etc/passwd");
        this.userExists = Files.isReadable(users)
                && Files.readString(users).lines().anyMatch(line -> line.startsWith(ServiceUnit.USER + ":"));
    }

    /// What is installed, or null.
    public @Nullable Role installed() throws IOException {
        if (!Files.isReadable(unit)) {
            return null;
        }
        String text = Files.readString(unit);
        for (Role role : Role.values()) {
            if (text.contains(" " + ServiceUnit.word(role) + " --config ")) {
                return role;
            }
        }
        return null;
    }

    public Path file(Role role) {
        return configuration.resolve(ServiceUnit.word(role) + ".yaml");
    }

    /// The steps to a running service. What a person wrote stays as it is.
    ///
    /// @param program the start script
    /// @param endpoint for a gateway's new configuration, or null
    /// @throws IOException if this machine has the other role, or the service could not reach the program
    public List<Step> install(Role role, Path program, @Nullable String endpoint) throws IOException {
        Role other = installed();
        if (other != null && other != role) {
            throw new IOException("this machine is a " + ServiceUnit.word(other) + " already: culvert uninstall first,"
                    + " or run the second one by hand with a --state of its own");
        }
        if (HIDDEN.stream().anyMatch(program::startsWith)) {
            throw new IOException(program + " is where the service is not allowed to look: install the package, or"
                    + " unpack the archive below /opt, and type it there again");
        }
        List<Step> steps = new ArrayList<>();
        if (!userExists) {
            steps.add(Step.Run.of(
                    "useradd",
                    "--system",
                    "--user-group",
                    "--home-dir",
                    STATE,
                    "--no-create-home",
                    "--shell",
                    "/usr/sbin/nologin",
                    ServiceUnit.USER));
        }
        steps.add(folder("root", configuration.toString()));
        steps.add(folder(ServiceUnit.USER, STATE));
        if (!Files.exists(file(role))) {
            steps.add(new Step.Write(file(role), ExampleFile.text(role, endpoint)));
            steps.add(
                    Step.Run.of("chown", "root:" + ServiceUnit.USER, file(role).toString()));
            steps.add(Step.Run.of("chmod", "0640", file(role).toString()));
        }
        steps.add(new Step.Write(unit, ServiceUnit.text(role, program, file(role))));
        steps.add(Step.Run.of("systemctl", "daemon-reload"));
        steps.add(Step.Run.of("systemctl", "enable", ServiceUnit.NAME));
        // A site that has not joined has nobody to call; `culvert join` starts it.
        if (role == Role.GATEWAY || Files.exists(StateFolder.INSTALLED.resolve("private.key"))) {
            steps.add(restart());
        }
        return steps;
    }

    private static Step folder(String user, String path) {
        return Step.Run.of("install", "-d", "-m", "0750", "-o", user, "-g", ServiceUnit.USER, path);
    }

    static Step restart() {
        return Step.Run.of("systemctl", "restart", ServiceUnit.NAME);
    }

    /// The steps that take the service away.
    ///
    /// @param purge whether its configuration, keys and user go as well
    public List<Step> uninstall(boolean purge) throws IOException {
        List<Step> steps = new ArrayList<>();
        if (Files.exists(unit)) {
            steps.add(Step.Run.of("systemctl", "disable", "--now", ServiceUnit.NAME));
            steps.add(new Step.Remove(unit));
            steps.add(Step.Run.of("systemctl", "daemon-reload"));
        }
        if (purge) {
            steps.add(Step.Run.of("rm", "-rf", STATE, configuration.toString()));
            if (userExists) {
                steps.add(Step.Run.of("userdel", ServiceUnit.USER));
            }
        }
        return steps;
    }

    /// Restarts the service, for it has joined.
    public void startAgain() throws IOException {
        restart().run();
    }

    /// Does or, in a dry run, only prints each step; of files that would be written, their text as well.
    public static void carryOut(List<Step> steps, boolean dry, PrintStream out) throws IOException {
        for (Step step : steps) {
            out.println((dry ? "would " : "") + step.text());
            if (!dry) {
                step.run();
            } else if (step instanceof Step.Write write) {
                write.content().lines().forEach(line -> out.println(line.isEmpty() ? "" : "    " + line));
            }
        }
    }
}
