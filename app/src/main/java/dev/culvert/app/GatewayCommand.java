package dev.culvert.app;

import dev.culvert.model.Endpoint;
import dev.culvert.model.Role;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final String DEFAULT_FILE = "gateway.yaml";

    @Mixin
    private StateOption state = new StateOption();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration. Default: " + DEFAULT_FILE + " of this folder, as soon as it is there.")
    private @Nullable Path file;

    @Option(
            names = "--endpoint",
            paramLabel = "HOST:PORT",
            description = "Where sites dial this gateway, for the tokens that it makes.")
    private @Nullable String endpoint;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Wiring.Options options = new Wiring.Options(
                Role.GATEWAY, fileOr(file, DEFAULT_FILE), file == null, state.path(), parse(endpoint));
        Wiring wiring = NodeStart.start(options, new PeerNews());
        LOG.info("gateway ready");
        if (wiring.node().model().sites().isEmpty()) {
            LOG.info("no site yet; add one: culvert site add home");
        }
        return RunningNode.untilStopped(wiring, RunningNode.arguments(spec));
    }

    /// The file that was named, or the one of the default name in this folder.
    static Path fileOr(@Nullable Path named, String standard) {
        return named != null ? named : Path.of(standard);
    }

    static @Nullable Endpoint parse(@Nullable String text) {
        if (text == null) {
            return null;
        }
        int colon = text.lastIndexOf(':');
        String digits = text.substring(colon + 1);
        if (colon < 1 || !digits.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("endpoint: " + text + " (expected: HOST:PORT)");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return new Endpoint(host, Integer.parseInt(digits));
    }
}
