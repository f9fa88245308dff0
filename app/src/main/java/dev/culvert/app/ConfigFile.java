package dev.culvert.app;

import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.StateFolder;
import dev.culvert.dataplane.site.ThisMachine;
import dev.culvert.model.Model;
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
import org.jspecify.annotations.Nullable;

/// A configuration file that is read without a node, together with what this machine's node has in its store: sites
/// that were added there count.
final class ConfigFile {
    private final Path path;
    private final Path state;

    ConfigFile(Path path, Path state) {
        this.path = path;
        this.state = state;
    }

    /// What the file is about; a gateway where nothing in it tells.
    Role role() throws IOException {
        Role known = ConfigParser.roleOf(source());
        return known != null ? known : Role.GATEWAY;
    }

    /// Prints warnings on standard error.
    ///
    /// @param role null for what the file is about
    Model model(@Nullable Role role) throws IOException, BrokenConfiguration {
        return orThrow(merged(role == null ? role() : role));
    }

    /// The same, also held against what this machine has.
    Model checked(Role role) throws IOException, BrokenConfiguration {
        return orThrow(ModelMerge.merge(role, sources(role), ThisMachine.surroundings()));
    }

    private static Model orThrow(Parsed<Model> parsed) throws BrokenConfiguration {
        return switch (parsed) {
            case Parsed.Problems<Model>(var problems) -> throw new BrokenConfiguration(problems);
            case Parsed.Ok<Model>(Model merged, var warnings) -> {
                warnings.forEach(System.err::println);
                yield merged;
            }
        };
    }

    Parsed<Model> merged(Role role) throws IOException {
        return ModelMerge.merge(role, sources(role));
    }

    private List<Source> sources(Role role) throws IOException {
        List<Source> sources = new ArrayList<>(List.of(source()));
        if (Files.isReadable(state)) {
            sources.addAll(Configuration.stored(role, new StateFolder(state)::peek));
        }
        return sources;
    }

    private Source source() throws IOException {
        if (!Files.isReadable(path)) {
            throw new IOException("no file " + path);
        }
        return Source.file(path.toString(), Files.readString(path));
    }
}
