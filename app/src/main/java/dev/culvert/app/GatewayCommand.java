package dev.culvert.app;

import dev.culvert.model.Role;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "gateway",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Runs a gateway: the WireGuard hub and the public end of every service.",
        footer = {
            "",
            "Example:",
            "  culvert gateway --config gateway.yaml --endpoint vps.example.com:51820",
            "",
            "SIGHUP, or a change of the file, applies the configuration again; no connection is cut."
        })
final class GatewayCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration. Default: gateway.yaml of this folder, as soon as it is there.")
    private @Nullable Path file;

    @Option(
            names = "--endpoint",
            paramLabel = "HOST:PORT",
            description = "Where sites dial this gateway, for the tokens that it makes.")
    private @Nullable String endpoint;

    @Override
    public Integer call() throws Exception {
        return new NodeProcess(Role.GATEWAY, file, state.given(), endpoint).run();
    }
}
