package dev.culvert.control.doctor;

import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.StateFolder;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// What can be checked of a node that does not run: what would keep it from starting. Writes nothing of the node's.
public final class StoppedNode {
    private final Role role;
    private final Path file;
    private final Path state;

    /// @param file its configuration, which may be missing
    public StoppedNode(Role role, Path file, Path state) {
        this.role = role;
        this.file = file;
        this.state = state;
    }

    /// In the order of the way.
    public List<Check> checks() throws IOException {
        Parsed<Model> read = read();
        List<Check> checks = new ArrayList<>();
        checks.add(new NodeCheck(state.resolve("admin.sock"), "culvert " + role + " --config " + file));
        checks.add(new ConfigurationCheck(() -> read, null));
        checks.add(new StateCheck(state));
        checks.add(new ClockCheck(InstantSource.system()));
        if (read instanceof Parsed.Ok<Model>(Model model, var _)) {
            checks.add(new TunnelPortCheck(model.tunnel(), 0));
            checks.add(new ListenersCheck(() -> read, null));
        }
        return checks;
    }

    private Parsed<Model> read() throws IOException {
        List<Source> sources = new ArrayList<>();
        if (Files.exists(file)) {
            sources.add(Source.file(file.toString(), Files.readString(file)));
        }
        if (Files.isReadable(state)) {
            sources.addAll(Configuration.stored(role, new StateFolder(state)::peek));
        }
        return ModelMerge.merge(role, sources);
    }
}
