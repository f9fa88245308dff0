package dev.culvert.app;

import dev.culvert.app.install.Installation;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "uninstall",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Stops the service and removes its unit; configuration and state stay, unless --purge.",
        footer = {"", "Example:", "  sudo culvert uninstall"})
final class UninstallCommand implements Callable<Integer> {
    @Option(names = "--dry-run", description = "Print what would be done, and do nothing.")
    private boolean dry;

    @Option(
            names = "--purge",
            description = "Remove /etc/culvert, /var/lib/culvert with its keys, and the user as well.")
    private boolean purge;

    @Override
    public Integer call() throws Exception {
        if (!dry) {
            Launcher.requireRoot("uninstall");
        }
        Installation.carryOut(new Installation(Path.of("/")).uninstall(purge), dry, System.out);
        return 0;
    }
}
