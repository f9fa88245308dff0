package dev.culvert.app;

import dev.culvert.control.store.StateFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Where a node keeps its state, the same for every command.
final class StateOption {
    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "Folder of keys and documents. Default: $$CULVERT_STATE, else /var/lib/culvert for root and"
                    + " where it may be entered, else $$XDG_STATE_HOME/culvert or ~/.local/state/culvert.")
    private @Nullable Path state;

    @Nullable
    Path given() {
        return state;
    }

    Path path() {
        return orStandard(state);
    }

    static Path orStandard(@Nullable Path given) {
        return given != null
                ? given
                : StateFolder.standard(
                        System.getenv(),
                        StateFolder.INSTALLED,
                        System.getProperty("user.name"),
                        System.getProperty("user.home"));
    }
}
