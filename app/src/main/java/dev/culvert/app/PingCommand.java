package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "ping",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Asks through the tunnel whether a site (from the gateway) or a gateway (from a site) answers;"
                + " with a port, whether a connection to it stands.",
        footer = {"", "Examples:", "  culvert ping home", "  culvert ping phone:8080"})
final class PingCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Parameters(paramLabel = "PEER[:PORT]", description = "The peer's name, and a TCP port inside the tunnel.")
    private String target = "";

    @Option(names = "--count", paramLabel = "N", defaultValue = "3", description = "How often. Default: 3.")
    private int count = 3;

    @Override
    public Integer call() throws Exception {
        AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
        int answered = 0;
        for (int i = 0; i < count; i++) {
            try {
                Map<String, Object> answer = client.call("POST", "/ping", Map.of("target", target));
                double millis = ((Number) answer.getOrDefault("micros", 0)).longValue() / 1000.0;
                System.out.printf("%s (%s) answered in %.1f ms%n", target, answer.get("address"), millis);
                answered++;
            } catch (AdminClient.Refused e) {
                System.out.println(e.getMessage());
            }
        }
        return answered > 0 ? 0 : 1;
    }
}
