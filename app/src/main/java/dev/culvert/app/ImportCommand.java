package dev.culvert.app;

import dev.culvert.control.store.KeyFiles;
import dev.culvert.model.Role;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Problem;
import dev.culvert.model.wgquick.WgQuickImport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Reads a file of wg-quick and proposes the gateway.yaml or site.yaml that takes its place. Its"
                + " commands (PostUp and the like) are never run; what is left out is said, with the reason. Keys go"
                + " to files of their own, mode 0600.",
        footer = {
            "",
            "Examples:",
            "  culvert import /etc/wireguard/wg0.conf > gateway.yaml",
            "  culvert import wg0.conf --output site.yaml --keys /etc/culvert"
        })
final class ImportCommand implements Callable<Integer> {
    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The file of wg-quick, such as /etc/wireguard/wg0.conf.")
    private Path file = Path.of("");

    @Option(
            names = "--role",
            description = "gateway or site. Default: a site if every peer has an Endpoint, else a gateway.")
    private @Nullable Role role;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where the proposal goes; a file that exists is never overwritten. Default: standard output.")
    private @Nullable Path output;

    @Option(
            names = "--keys",
            paramLabel = "FOLDER",
            description = "Where the keys go. Default: the folder of --output, or this one.")
    private @Nullable Path keys;

    @Override
    public Integer call() throws Exception {
        Path folder = keyFolder();
        String name = name(file);
        WgQuickImport.Request request = new WgQuickImport.Request(file.toString(), name, folder + "/", role);
        switch (WgQuickImport.read(request, text())) {
            case Parsed.Problems<WgQuickImport>(var problems) -> throw new BrokenConfiguration(problems);
            case Parsed.Ok<WgQuickImport>(WgQuickImport proposal, var notes) -> write(proposal, notes, folder);
        }
        return 0;
    }

    private Path keyFolder() {
        Path beside = output == null ? null : output.toAbsolutePath().getParent();
        Path chosen = keys != null ? keys : beside != null ? beside : Path.of("");
        return chosen.toAbsolutePath().normalize();
    }

    private String text() throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("no file " + file);
        }
        // Comments may be in whatever encoding; everything else is ASCII.
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    /// `wg0` of `/etc/wireguard/wg0.conf`.
    private static String name(Path file) {
        String name = String.valueOf(file.getFileName())
                .toLowerCase(Locale.ROOT)
                .replaceFirst("\\.conf$", "")
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-+|-+$", "");
        return name.isEmpty() || name.length() > 30 ? "wg" : name;
    }

    private void write(WgQuickImport proposal, List<Problem> notes, Path folder) throws IOException {
        Path to = output;
        if (to != null && Files.exists(to)) {
            throw new IOException(to + " exists; it is not overwritten");
        }
        for (Map.Entry<String, String> secret : proposal.secrets().entrySet()) {
            KeyFiles.keep(folder.resolve(secret.getKey()), secret.getValue());
        }
        PrintWriter err = writer(true);
        notes.forEach(err::println);
        if (to == null) {
            PrintWriter out = writer(false);
            out.print(proposal.yaml());
            out.flush();
        } else {
            Files.writeString(to, proposal.yaml(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            err.println(to + ": written, as a " + proposal.role() + "; try it with culvert check " + to);
        }
        err.flush();
    }

    private PrintWriter writer(boolean error) {
        if (spec == null) {
            throw new IllegalStateException("a command without its specification");
        }
        return error ? spec.commandLine().getErr() : spec.commandLine().getOut();
    }
}
