package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.doctor.DoctorService;
import dev.culvert.control.store.StateFolder;
import dev.culvert.model.Limits;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.Approach;
import dev.culvert.model.decide.BanTable;
import dev.culvert.model.decide.Explainer;
import dev.culvert.model.decide.Router;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Tells what would happen to a visitor and why, stage by stage: by the very rules that decide on"
                + " visitors. At a site: what the home would say to its gateway about a target.",
        footer = {
            "",
            "Examples:",
            "  culvert explain http://photos.example.com --from 203.0.113.7",
            "  culvert explain 2222",
            "  culvert explain photos.example.com --config gateway.yaml",
            "",
            "Exit codes: 0 the visitor is let through, 1 not."
        })
final class ExplainCommand implements Callable<Integer> {
    /// An address of documentation (RFC 5737) stands for any visitor.
    private static final String ANYBODY = "192.0.2.1";

    @Mixin
    private StateOption state = new StateOption();

    @Parameters(paramLabel = "URL|PORT", description = "How the visitor comes; at a site the target: HOST:PORT.")
    private String approach = "";

    @Option(
            names = "--from",
            paramLabel = "IP",
            description = "The visitor's address. Default: " + ANYBODY + ", anybody.")
    private String from = ANYBODY;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Ask this file, and no running node; bans and counts are then unknown.")
    private @Nullable Path file;

    @Option(names = "--json", description = "Print the answer as JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Path config = file;
        Map<String, Object> answer = config == null ? asked() : read(config);
        if (json) {
            System.out.println(Json.text(answer));
        } else {
            for (Object entry : (List<?>) answer.getOrDefault("steps", List.of())) {
                Map<?, ?> step = (Map<?, ?>) entry;
                String passed = Boolean.TRUE.equals(step.get("passed")) ? "yes" : "no";
                System.out.printf("%-3s  %-9s  %s%n", passed, step.get("stage"), step.get("text"));
            }
        }
        return Boolean.TRUE.equals(answer.get("permitted")) ? 0 : 1;
    }

    private Map<String, Object> asked() throws IOException {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("approach", approach);
        arguments.put("from", from);
        return new AdminClient(new StateFolder(state.path()).adminSocket()).call("POST", "/explain", arguments);
    }

    private Map<String, Object> read(Path config) throws IOException, BrokenConfiguration {
        InetAddress visitor = Literals.address(from);
        if (visitor == null) {
            throw new IllegalArgumentException("--from " + from + " (expected: an address such as 203.0.113.7)");
        }
        Model model = new ConfigFile(config, state.path()).model(null);
        Admission nobody = new Admission(Limits.DEFAULT, new BanTable(), 0, 0);
        Explainer explainer = new Explainer(model, new Router(model), nobody, Set.of());
        return DoctorService.map(explainer.explain(Approach.parse(approach), visitor, 0));
    }
}
