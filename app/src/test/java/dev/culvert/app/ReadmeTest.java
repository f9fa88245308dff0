package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.culvert.app.testing.Snippets;
import dev.culvert.app.testing.Snippets.Snippet;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Holds what the documents show against the program: YAML is merged, commands are parsed, links lead somewhere.
final class ReadmeTest {
    private static final Map<String, Role> ROLES = Map.of("# gateway.yaml", Role.GATEWAY, "# site.yaml", Role.SITE);
    private static final Pattern LINK = Pattern.compile("]\\(([^)#\\s]+)[^)]*\\)");

    /// What `site add home` and `join` leave in the store of a gateway.
    private static final Source JOINED = Source.store("sites/home", """
            sites:
              home:
                public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                address: 10.77.0.2
            """);

    static List<Path> documents() {
        return Snippets.documents();
    }

    static List<Snippet> yaml() {
        return Snippets.of("yaml");
    }

    static List<Snippet> commands() {
        return Snippets.of("sh", "console").stream()
                .flatMap(block -> block.commands().stream())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("yaml")
    void yaml_mergedAsItsRole_hasNoProblem(Snippet snippet) {
        String first = snippet.text().lines().findFirst().orElse("").strip();
        Role role = Objects.requireNonNull(ROLES.get(first), "the first line names the file: " + ROLES.keySet());
        List<Source> sources = new ArrayList<>(List.of(Source.file(snippet.place(), snippet.text())));
        if (role == Role.GATEWAY) {
            sources.add(JOINED);
        }
        assertThat(ModelMerge.merge(role, sources).notes()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void command_parsed_isKnown(Snippet command) {
        List<String> words =
                Arrays.asList(command.text().replaceFirst("^sudo ", "").split(" +"));
        String program = words.getFirst();
        String[] arguments = words.subList(1, words.size()).toArray(new String[0]);

        if (program.equals("culvert") || program.equals("./culvert")) {
            assertThatCode(() -> CulvertCommand.commandLine().parseArgs(arguments))
                    .doesNotThrowAnyException();
        } else if (program.contains("/")) {
            assertThat(Snippets.root().resolve(program)).isExecutable();
        }
        if (program.equals("it/lab")) {
            assertThat(Arrays.stream(arguments).filter(word -> word.matches("[a-z].*")))
                    .allSatisfy(name -> assertThat(Snippets.root().resolve("it/scenarios/" + name + ".sh"))
                            .exists());
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void link_withinRepository_leadsSomewhere(Path document) {
        Matcher links = LINK.matcher(Snippets.read(document));

        while (links.find()) {
            String target = links.group(1);
            if (!target.contains(":")) {
                assertThat(document.resolveSibling(target)).as(target).exists();
            }
        }
    }

    @Test
    void scenarios_allOfThem_areNamedInVerified() {
        String verified = Snippets.read(Snippets.root().resolve("docs/verified.md"));

        assertThat(Snippets.list("it/scenarios"))
                .allSatisfy(file -> assertThat(verified).contains(name(file).replace(".sh", "")));
        Matcher named = Pattern.compile("lab `([a-z-]+)`").matcher(verified);
        while (named.find()) {
            assertThat(Snippets.root().resolve("it/scenarios/" + named.group(1) + ".sh"))
                    .exists();
        }
    }

    @Test
    void readme_ofThisTree_isShortAndHasSnippets() {
        assertThat(Snippets.read(Snippets.root().resolve("README.md")).lines().count())
                .isLessThanOrEqualTo(150);
        assertThat(yaml()).hasSizeGreaterThanOrEqualTo(2);
        assertThat(commands()).hasSizeGreaterThanOrEqualTo(10);
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }
}
