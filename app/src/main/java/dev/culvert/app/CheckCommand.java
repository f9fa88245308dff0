package dev.culvert.app;

import dev.culvert.model.Model;
import dev.culvert.model.ModelDiff;
import dev.culvert.model.Role;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Checks a configuration file and prints every mistake at once, as file:line:column.",
        footer = {
            "",
            "Examples:",
            "  culvert check gateway.yaml",
            "  culvert check site.yaml --role site",
            "  culvert check gateway.yaml --diff gateway.yaml.old"
        })
final class CheckCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Parameters(paramLabel = "FILE", description = "The file.")
    private Path file = Path.of("");

    @Option(names = "--role", description = "gateway or site. Default: what the file is about.")
    private @Nullable Role role;

    @Option(names = "--diff", paramLabel = "OLD", description = "Print what changes against an older file.")
    private @Nullable Path old;

    @Override
    public Integer call() throws Exception {
        ConfigFile now = new ConfigFile(file, state.path());
        Role chosen = role != null ? role : now.role();
        Model model = now.checked(chosen);
        System.out.println(
                file + ": good, as a " + chosen + " with " + model.services().size() + " services");
        Path before = old;
        if (before != null) {
            System.out.print(ModelDiff.between(
                    new ConfigFile(before, state.path()).merged(chosen).orThrow(), model));
        }
        return 0;
    }
}
