package dev.culvert.model.config.testing;

import dev.culvert.model.Role;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The documents that tests read: those of this module and those of the repository.
public final class Documents {
    private static final Path MODULE = module();

    private Documents() {}

    /// All `.yaml` files of a folder below `src/test/resources/config`, in the order of their names.
    public static List<Path> resources(String folder) {
        return files("config/" + folder, ".yaml");
    }

    /// The files of a folder below `src/test/resources` whose names end so.
    public static List<Path> files(String folder, String end) {
        return named(MODULE.resolve("src/test/resources").resolve(folder), end);
    }

    /// All files of the repository's `examples/`.
    public static List<Path> examples() {
        return named(repository("examples"), ".yaml");
    }

    public static Path repository(String path) {
        return MODULE.resolveSibling(path);
    }

    /// The role that a document's name begins with.
    public static Role role(Path path) {
        return path.getFileName().toString().startsWith("gateway") ? Role.GATEWAY : Role.SITE;
    }

    public static Source source(Path path) {
        return Source.file(path.getFileName().toString(), read(path));
    }

    public static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void write(Path path, String text) {
        try {
            Files.writeString(path, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Maven runs tests in the module's folder, an IDE perhaps in the repository's.
    private static Path module() {
        String basedir = System.getProperty("basedir");
        Path here = Path.of(basedir == null ? "" : basedir).toAbsolutePath();
        return here.endsWith("model") ? here : here.resolve("model");
    }

    private static List<Path> named(Path folder, String end) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
