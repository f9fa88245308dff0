package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.doctor.Check;
import dev.culvert.control.doctor.Examination;
import dev.culvert.control.doctor.Finding;
import dev.culvert.control.doctor.StoppedNode;
import dev.culvert.model.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Walks a visitor's way hop by hop, as far as this end sees it, and names what is broken and the"
                        + " fix: configuration, disk, clock, ports, DNS, route, tunnel, MTU, target. Takes five seconds at most.",
        footer = {
            "",
            "Examples:",
            "  culvert doctor",
            "  culvert doctor photos",
            "  culvert doctor http://photos.example.com",
            "",
            "At the gateway it sees DNS, ports and the tunnel; at a site the tunnel and the targets: ask both ends.",
            "Exit codes: 0 nothing is broken, 1 something is."
        })
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "SERVICE|URL",
            description = "Only the way to this service; at a site, to this target. Default: everything.")
    private String scope = "";

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Where no node runs: its file. Default: gateway.yaml or site.yaml of this folder.")
    private @Nullable Path file;

    @Option(names = "--json", description = "Print the findings as JSON.")
    private boolean json;

    /// One check of a node that runs, asked through its admin socket.
    private record Remote(AdminClient client, String scope, String name) implements Check {
        @Override
        public Finding run() throws IOException {
            return Finding.of(client.call("POST", "/doctor/check", Map.of("scope", scope, "check", name)));
        }
    }

    @Override
    public Integer call() throws Exception {
        AdminClient client = new AdminClient(state.path().toAbsolutePath().resolve("admin.sock"));
        List<Check> checks = new ArrayList<>();
        String view = "No node runs: only what would keep it from starting was looked at.";
        try {
            Map<String, Object> plan = client.call("POST", "/doctor/checks", Map.of("scope", scope));
            for (Object name : (List<?>) plan.getOrDefault("checks", List.of())) {
                checks.add(new Remote(client, scope, String.valueOf(name)));
            }
            view = String.valueOf(plan.get("view"));
        } catch (AdminClient.Refused e) {
            throw e;
        } catch (IOException e) {
            checks.addAll(stopped().checks());
        }
        Consumer<Finding> show = json ? _ -> {} : System.out::println;
        List<Finding> findings = Examination.of(checks, show);
        long broken = findings.stream().filter(Finding::isBroken).count();
        if (json) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("findings", findings.stream().map(Finding::map).toList());
            answer.put("view", view);
            System.out.println(Json.text(answer));
        } else {
            System.out.println();
            System.out.println(broken == 0 ? "Nothing broken was found." : broken + " broken.");
            System.out.println(view);
        }
        return broken == 0 ? 0 : 1;
    }

    private StoppedNode stopped() throws IOException {
        Path folder = state.path().toAbsolutePath();
        Path named = file;
        boolean joined = Files.isDirectory(folder.resolve("store").resolve("gateways"));
        Path site = Path.of("site.yaml");
        Path gateway = Path.of("gateway.yaml");
        boolean home = joined || (!Files.exists(gateway) && Files.exists(site));
        Path chosen = named != null ? named : home ? site : gateway;
        Role guessed = home ? Role.SITE : Role.GATEWAY;
        Role role = named != null && Files.exists(named) ? new ConfigFile(named, folder).role() : guessed;
        return new StoppedNode(role, chosen, folder);
    }
}
