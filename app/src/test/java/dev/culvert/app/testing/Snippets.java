package dev.culvert.app.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The fenced blocks of the repository's documents.
public final class Snippets {
    private static final String FENCE = "```";
    // `vps$ ` and the like: who types it where.
    private static final String PROMPT = "^[a-z]*[$#] ";

    private Snippets() {}

    /// A block, or one command of a block.
    ///
    /// @param place the document and the line, for messages
    public record Snippet(String place, String language, String text) {
        /// The commands of a shell block: of `console` the lines with a prompt, of `sh` all; pipes are cut apart,
        /// comments and redirections left out.
        public List<Snippet> commands() {
            List<Snippet> commands = new ArrayList<>();
            for (String line : text.lines().toList()) {
                String typed = line.replaceFirst(PROMPT, "");
                if (language.equals("console") && typed.equals(line)) {
                    continue;
                }
                for (String part : typed.replaceFirst("(^| )#.*", "").split("\\||&&", -1)) {
                    String command = part.replaceFirst(" [<>].*", "").strip();
                    if (!command.isEmpty()) {
                        commands.add(new Snippet(place, language, command));
                    }
                }
            }
            return commands;
        }

        @Override
        public String toString() {
            return place + " " + text.lines().findFirst().orElse("");
        }
    }

    /// Maven runs tests in the module's folder, an IDE perhaps in the repository's.
    public static Path root() {
        Path here = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        return here.endsWith("app") ? here.resolve("..").normalize() : here;
    }

    /// README, CONTRIBUTING, SECURITY and everything below docs/.
    public static List<Path> documents() {
        List<Path> all = new ArrayList<>();
        for (Path folder : List.of(root(), root().resolve("docs"), root().resolve("docs/decisions"))) {
            for (Path file : list(root().relativize(folder).toString())) {
                if (file.toString().endsWith(".md")) {
                    all.add(file);
                }
            }
        }
        return all;
    }

    public static List<Path> list(String folder) {
        try (Stream<Path> files = Files.list(root().resolve(folder))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Every block in one of these languages.
    public static List<Snippet> of(String... languages) {
        Set<String> wanted = Set.of(languages);
        List<Snippet> found = new ArrayList<>();
        for (Path document : documents()) {
            blocks(document).stream()
                    .filter(block -> wanted.contains(block.language()))
                    .forEach(found::add);
        }
        return found;
    }

    private static List<Snippet> blocks(Path document) {
        List<Snippet> blocks = new ArrayList<>();
        List<String> lines = read(document).lines().toList();
        StringBuilder text = new StringBuilder();
        int begin = -1;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!line.startsWith(FENCE)) {
                text.append(line).append('\n');
            } else if (begin < 0) {
                begin = i;
                text.setLength(0);
            } else {
                String place = document.getFileName() + ":" + (begin + 1);
                blocks.add(new Snippet(place, lines.get(begin).substring(FENCE.length()), text.toString()));
                begin = -1;
            }
        }
        return blocks;
    }
}
