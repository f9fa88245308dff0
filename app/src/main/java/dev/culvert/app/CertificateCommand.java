package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "certificate",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Certificates that the running node gets by itself; culvert status shows them.",
        subcommands = CertificateCommand.Renew.class,
        footer = {"", "Example:", "  culvert certificate renew photos.example.com"})
final class CertificateCommand implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }

    @Command(
            name = "renew",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description =
                    "Orders a certificate now, without waiting for the next try. What the authority said to wait is"
                            + " waited for all the same.",
            footer = {"", "Example:", "  culvert certificate renew photos.example.com"})
    static final class Renew implements Callable<Integer> {
        @Mixin
        private StateOption state = new StateOption();

        @Parameters(paramLabel = "NAME", description = "The name, as a service declares it.")
        private String name = "";

        @Override
        public Integer call() throws Exception {
            AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
            client.call("POST", "/certificate/renew", Map.of("name", name));
            System.out.println("it is asked for; culvert status shows what becomes of it");
            return 0;
        }
    }
}
