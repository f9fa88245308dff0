package dev.culvert.app;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Runs a gateway, a site and two sample services on this machine, without root, and shows the traffic.",
        footer = {"", "Examples:", "  culvert demo", "  culvert demo --check", "  culvert demo --load 10"})
final class DemoCommand implements Callable<Integer> {
    @Option(names = "--check", description = "Use it as a visitor would, print what was verified, and end with 0 or 1.")
    private boolean check;

    @Option(
            names = "--load",
            paramLabel = "SECONDS",
            description = "Visit it with 16 visitors for so long, print what they got, and end with 0 or 1.")
    private int load;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8080", description = "Of the URLs. Default: 8080.")
    private int port = 8080;

    @Override
    public Integer call() throws Exception {
        return new DemoRun(port, check, load).call();
    }
}
