package dev.culvert.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What the launcher of a source tree does by itself (packaging/build); an installed program has nothing to make one
/// of.
@Command(
        name = "package",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "In a source tree: makes an archive and a Debian package with a Java of their own.",
        footer = {"", "Example:", "  ./culvert package"})
final class PackageCommand implements Callable<Integer> {
    @Option(names = "--output", paramLabel = "DIR", description = "Where they go. Default: target/packages.")
    private @Nullable Path output;

    @Override
    public Integer call() throws IOException {
        throw new IOException("a package is made of the source tree: ./culvert package"
                + (output == null ? "" : " --output " + output) + " there");
    }
}
