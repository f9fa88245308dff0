package dev.culvert.control.doctor;

import dev.culvert.model.Model;
import dev.culvert.model.ModelDiff;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Problem;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether the file is what runs.
final class ConfigurationCheck implements Check {
    private final Reading configuration;
    private final @Nullable Model running;

    /// Reads and merges the configuration as it is now.
    @FunctionalInterface
    interface Reading {
        Parsed<Model> load() throws IOException;
    }

    /// @param running null where no node runs
    ConfigurationCheck(Reading configuration, @Nullable Model running) {
        this.configuration = configuration;
        this.running = running;
    }

    @Override
    public String name() {
        return "configuration";
    }

    @Override
    public Finding run() throws IOException {
        return switch (configuration.load()) {
            case Parsed.Problems<Model>(List<Problem> problems) ->
                Finding.broken(
                        name(),
                        "has " + problems.size() + " mistakes, the first: " + problems.getFirst()
                                + (running == null ? "" : "; the last good one runs"),
                        "mend it; `culvert check FILE` prints every mistake at once");
            case Parsed.Ok<Model>(Model model, List<Problem> warnings) -> applied(model, warnings);
        };
    }

    private Finding applied(Model model, List<Problem> warnings) {
        if (running != null && !model.equals(running)) {
            String difference =
                    ModelDiff.between(running, model).toString().strip().replaceAll("\\s*\\n\\s*", "; ");
            return Finding.broken(
                    name(),
                    "is good, but something older runs: " + difference,
                    "the log says why it was not applied; settings under tunnel: and the name wait for a restart");
        }
        if (!warnings.isEmpty()) {
            return Finding.warn(
                    name(), "good, but left out: " + warnings.getFirst(), "culvert check FILE prints every warning");
        }
        return Finding.ok(name(), "good" + (running == null ? "" : ", and what runs"));
    }
}
