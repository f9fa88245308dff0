package dev.culvert.app;

import dev.culvert.app.install.Installation;
import dev.culvert.app.install.ServiceUnit;
import dev.culvert.model.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "install",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Makes this machine a gateway or a site that starts at boot and is kept running by systemd.",
        subcommands = {InstallCommand.Gateway.class, InstallCommand.Site.class},
        footer = {
            "",
            "Examples:",
            "  vps$  sudo culvert install gateway --endpoint vps.example.com:51820",
            "  home$ sudo culvert install site"
        })
final class InstallCommand implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(
                    spec.commandLine(), "install what? culvert install gateway, or culvert install site");
        }
    }

    /// What both roles take.
    static final class How {
        @Option(names = "--dry-run", description = "Print what would be done, and do nothing.")
        private boolean dry;

        @Option(names = "--unit", description = "Print the unit file alone, and do nothing.")
        private boolean unit;

        /// @return whether something was installed
        private boolean carryOut(Role role, @Nullable String endpoint) throws IOException {
            Installation installation = new Installation(Path.of("/"));
            Path program = Launcher.path();
            if (unit) {
                System.out.print(ServiceUnit.text(role, program, installation.file(role)));
                return false;
            }
            if (!dry) {
                Launcher.requireRoot("install");
            }
            Installation.carryOut(installation.install(role, program, endpoint), dry, System.out);
            return !dry;
        }
    }

    @Command(
            name = "gateway",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "At the VPS: a gateway, on ports 80 and 51820/udp, as a user of its own.",
            footer = {
                "",
                "Example:",
                "  sudo culvert install gateway --endpoint vps.example.com:51820",
                "",
                "Done again, it renews the unit and leaves the configuration and the state as they are."
            })
    static final class Gateway implements Callable<Integer> {
        @Mixin
        private How how = new How();

        @Option(
                names = "--endpoint",
                paramLabel = "HOST:PORT",
                description = "Where sites dial this gateway; goes into the new gateway.yaml.")
        private @Nullable String endpoint;

        @Override
        public Integer call() throws Exception {
            NodeProcess.parse(endpoint);
            if (how.carryOut(Role.GATEWAY, endpoint)) {
                System.out.print("""

                        The gateway runs. Left for you to do, elsewhere:
                          DNS       for each service's name: an A record (and AAAA) with this machine's address
                          firewall  of the cloud, if there is one, lets in: tcp 80, tcp 443, udp 443, udp 51820

                        Next, with gateway.endpoint in /etc/culvert/gateway.yaml saying where sites find this machine:
                          sudo culvert site add home --host '*.example.com'
                                                              prints what to type at home, which may publish such names
                          sudo usermod -aG culvert NAME       lets NAME do this without sudo, from the next login on
                        """);
            }
            return 0;
        }
    }

    @Command(
            name = "site",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "At home: a site, as a user of its own without any right.",
            footer = {
                "",
                "Example:",
                "  sudo culvert install site",
                "",
                "Done again, it renews the unit and leaves the configuration and the state as they are."
            })
    static final class Site implements Callable<Integer> {
        @Mixin
        private How how = new How();

        @Override
        public Integer call() throws Exception {
            if (how.carryOut(Role.SITE, null)) {
                System.out.print("""

                        The site is installed; it needs no open port and no change of the router.

                        Next:
                          sudo culvert join                   asks for the token of `culvert site add`, and starts the site
                          sudo culvert expose photos.example.com http://192.168.1.20:2342
                        """);
            }
            return 0;
        }
    }
}
