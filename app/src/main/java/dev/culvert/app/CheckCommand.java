package dev.culvert.app;

import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.StateFolder;
import dev.culvert.model.Model;
import dev.culvert.model.ModelDiff;
import dev.culvert.model.Role;
import dev.culvert.model.config.ConfigParser;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        Source source = source(file);
        Role known = role != null ? role : ConfigParser.roleOf(source);
        Role chosen = known != null ? known : Role.GATEWAY;
        Model model = switch (ModelMerge.merge(chosen, sources(chosen, source))) {
            case Parsed.Problems<Model>(var problems) -> throw new BrokenConfiguration(problems);
            case Parsed.Ok<Model>(Model merged, var warnings) -> {
                warnings.forEach(System.err::println);
                yield merged;
            }
        };
        System.out.println(
                file + ": good, as a " + chosen + " with " + model.services().size() + " services");
        Path before = old;
        if (before != null) {
            System.out.print(ModelDiff.between(
                    ModelMerge.merge(chosen, sources(chosen, source(before))).orThrow(), model));
        }
        return 0;
    }

    /// The file, and what this machine's node has in its store: sites that were added there count.
    private List<Source> sources(Role role, Source source) throws IOException {
        List<Source> sources = new ArrayList<>(List.of(source));
        if (Files.isReadable(state.path())) {
            sources.addAll(Configuration.stored(role, new StateFolder(state.path())::peek));
        }
        return sources;
    }

    private static Source source(Path path) throws IOException {
        if (!Files.isReadable(path)) {
            throw new IOException("no file " + path);
        }
        return Source.file(path.toString(), Files.readString(path));
    }
}
