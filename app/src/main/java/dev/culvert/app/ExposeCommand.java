package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "expose",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "At home: asks the gateways to publish a target, and allows it to be reached.",
        footer = {
            "",
            "A gateway publishes what it granted this site (there: culvert site grant NAME --host PATTERN).",
            "",
            "Examples:",
            "  culvert expose photos.example.com http://192.168.1.20:2342",
            "  culvert expose 2222/tcp tcp://127.0.0.1:22 --name ssh --allow 198.51.100.0/24",
            "  culvert expose 27015/udp udp://192.168.1.30:27015 --name game",
            "  culvert unexpose photos.example.com"
        })
final class ExposeCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Parameters(
            index = "0",
            paramLabel = "HOST|PORT/tcp|PORTS/udp",
            description = "Where visitors reach it, at the gateway.")
    private String place = "";

    @Parameters(
            index = "1",
            paramLabel = "TARGET",
            description = "What serves it, seen from here: http://host:port, tcp://host:port or udp://host:port.")
    private String target = "";

    @Option(names = "--name", description = "The service's name. Default: made from HOST or PORT.")
    private @Nullable String name;

    @Option(
            names = "--client-address",
            paramLabel = "HOW",
            description =
                    "How the target learns the visitor's address: headers, proxy-v1, proxy-v2, transparent or none.")
    private @Nullable String clientAddress;

    @Option(names = "--allow", paramLabel = "PREFIX", description = "Who is let in. Default: everyone.")
    private List<String> allow = List.of();

    @Option(names = "--replace", description = "Change a service that exists.")
    private boolean replace;

    @Option(names = "--json", description = "Print the answer as JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        boolean port = place.contains("/");
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("name", name == null ? nameOf(place) : name);
        arguments.put(port ? "listen" : "host", List.of(place));
        arguments.put("target", target);
        if (clientAddress != null) {
            arguments.put("clientAddress", clientAddress);
        }
        arguments.put("allow", allow);
        arguments.put("replace", replace);
        AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
        Map<String, Object> answer = client.call("POST", "/services", CameFrom.with(arguments));
        if (json) {
            System.out.println(Json.text(answer));
        }
        return report(answer, !json);
    }

    /// 0 if a gateway publishes it or will, 1 if all refused.
    private static int report(Map<String, Object> answer, boolean print) {
        int refused = 0;
        Map<?, ?> gateways = answer.get("gateways") instanceof Map<?, ?> map ? map : Map.of();
        for (Map.Entry<?, ?> entry : gateways.entrySet()) {
            Map<?, ?> how = entry.getValue() instanceof Map<?, ?> map ? map : Map.of();
            String line;
            if (how.get("at") instanceof List<?> places) {
                line = answer.get("name") + " is published by " + entry.getKey() + ": "
                        + String.join(", ", places.stream().map(String::valueOf).toList());
            } else if (how.containsKey("refused")) {
                line = "gateway " + entry.getKey() + " refused: " + how.get("refused");
                refused++;
            } else {
                line = "gateway " + entry.getKey() + " has not answered yet (" + how.get("waiting")
                        + "); it is offered again until it has";
            }
            if (print) {
                (how.containsKey("refused") ? System.err : System.out).println(line);
            }
        }
        return refused > 0 && refused == gateways.size() ? 1 : 0;
    }

    /// `photos.example.com` → `photos-example-com`, `2222/tcp` → `port-2222`, `53/udp` → `port-53-udp`.
    static String nameOf(String place) {
        int slash = place.indexOf('/');
        return slash < 0
                ? place.toLowerCase(java.util.Locale.ROOT).replace('.', '-')
                : "port-" + place.substring(0, slash) + (place.endsWith("/udp") ? "-udp" : "");
    }
}
