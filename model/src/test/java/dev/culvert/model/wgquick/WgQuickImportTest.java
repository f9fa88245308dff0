package dev.culvert.model.wgquick;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Source;
import dev.culvert.model.config.testing.Documents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Holds every file below `wgquick/` against what is expected of it; `-Dgolden.update=true` rewrites that.
final class WgQuickImportTest {
    private static final boolean UPDATE = Boolean.getBoolean("golden.update");

    static List<Path> valid() {
        return Documents.files("wgquick/valid", ".conf");
    }

    static List<Path> invalid() {
        return Documents.files("wgquick/invalid", ".conf");
    }

    private static Parsed<WgQuickImport> read(Path file, String text) {
        return WgQuickImport.read(
                new WgQuickImport.Request(String.valueOf(file.getFileName()), "wg0", "/etc/culvert/", null), text);
    }

    private static String notes(Parsed<?> parsed) {
        return parsed.notes().stream().map(note -> note + "\n").collect(Collectors.joining());
    }

    private static void assertGolden(Path file, String text) {
        Path expected = Path.of(file.toString().replace(".conf", ".expected"));
        if (UPDATE) {
            Documents.write(expected, text);
        }
        assertThat(text).isEqualTo(Documents.read(expected));
    }

    @ParameterizedTest
    @MethodSource("valid")
    void valid_file_becomesAProposalThatIsAModel(Path file) {
        Parsed<WgQuickImport> parsed = read(file, Documents.read(file));
        WgQuickImport proposal = parsed.orThrow();

        assertGolden(
                file,
                proposal.yaml() + "---\n" + new TreeMap<>(proposal.secrets()).keySet() + "\n---\n" + notes(parsed));
        Source source = Source.file("proposal.yaml", proposal.yaml());
        assertThat(ModelMerge.merge(proposal.role(), List.of(source)).notes()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void invalid_file_yieldsEveryMistakeAtOnce(Path file) {
        Parsed<WgQuickImport> parsed = read(file, Documents.read(file));

        assertThat(parsed).isInstanceOf(Parsed.Problems.class);
        assertGolden(file, notes(parsed));
    }

    @Test
    void anything_said_isNoSecret() {
        List<Path> all = new ArrayList<>(valid());
        all.addAll(invalid());
        for (Path file : all) {
            Parsed<WgQuickImport> parsed = read(file, Documents.read(file));
            String said = parsed
                    + notes(parsed)
                    + (parsed instanceof Parsed.Ok<WgQuickImport> ok
                            ? ok.value().yaml()
                            : "");

            assertThat(said).doesNotContain("hunter2", "AAECAwQF", "ICEiIyQl");
        }
    }

    /// A file may be cut anywhere: there is always an answer.
    @ParameterizedTest
    @MethodSource("valid")
    void cut_anywhere_isAnswered(Path file) {
        String text = Documents.read(file);
        for (int end = 0; end <= text.length(); end++) {
            assertThat(read(file, text.substring(0, end))).isNotNull();
        }
    }

    @Test
    void role_asked_isTaken() {
        Path file = valid().stream()
                .filter(path -> path.endsWith("hub.conf"))
                .findFirst()
                .orElseThrow();
        WgQuickImport.Request request = new WgQuickImport.Request("hub.conf", "wg0", "", Role.SITE);

        assertThat(WgQuickImport.read(request, Documents.read(file)).orThrow().yaml())
                .contains("gateways:", "name: wg0", "private-key-file: wg0.key");
    }

    @Test
    void file_tooLarge_isRefused() {
        assertThat(notes(read(Path.of("wg0.conf"), "#".repeat(WgQuickText.MAX_CHARACTERS + 1))))
                .contains("at most 1 MiB");
    }
}
