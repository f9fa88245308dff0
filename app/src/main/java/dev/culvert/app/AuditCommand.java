package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.audit.MachineAudit;
import dev.culvert.control.doctor.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Looks for what strangers could reach or learn although nobody meant it: ports of this machine"
                + " that are open to everyone, what docker publishes past the firewall, names that tell where the home"
                + " is, rules that are wider than needed.",
        footer = {
            "",
            "Examples:",
            "  culvert audit",
            "  sudo culvert audit --json",
            "",
            "Ask both ends. Root sees which process holds a port, and docker's rules in the firewall.",
            "Exit codes: 0 nothing is exposed, 1 something is."
        })
final class AuditCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Option(names = "--json", description = "Print the findings as JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Map<String, Object> node = node();
        List<Finding> machine = new MachineAudit(texts(node.get("ours")), numbers(node.get("published"))).findings();
        List<Finding> findings = new ArrayList<>(machine);
        for (Object entry : list(node.get("findings"))) {
            findings.add(Finding.of((Map<?, ?>) entry));
        }
        if (json) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("findings", findings.stream().map(Finding::map).toList());
            System.out.println(Json.text(answer));
        } else {
            findings.forEach(System.out::println);
        }
        return findings.stream().anyMatch(Finding::isBroken) ? 1 : 0;
    }

    /// What the node that runs says of itself; without one, the machine is looked at alone.
    private Map<String, Object> node() throws IOException {
        try {
            return new AdminClient(state.path().toAbsolutePath().resolve("admin.sock"))
                    .call("POST", "/audit", Map.of());
        } catch (AdminClient.Refused e) {
            throw e;
        } catch (IOException e) {
            System.err.println(e.getMessage());
            System.err.println("Only this machine's open ports were looked at, its own node's too.");
            return Map.of();
        }
    }

    private static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    private static Set<String> texts(@Nullable Object value) {
        return list(value).stream().map(String::valueOf).collect(Collectors.toSet());
    }

    private static Set<Integer> numbers(@Nullable Object value) {
        return list(value).stream().map(number -> ((Number) number).intValue()).collect(Collectors.toSet());
    }
}
