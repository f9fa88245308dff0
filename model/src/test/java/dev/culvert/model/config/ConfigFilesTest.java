package dev.culvert.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Model;
import dev.culvert.model.ModelDiff;
import dev.culvert.model.Role;
import dev.culvert.model.config.testing.Documents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Holds every document below `config/` and `examples/` against what is expected of it.
///
/// `-Dgolden.update=true` rewrites the `.expected` files and docs/config.md; the difference is for a person to read.
final class ConfigFilesTest {
    private static final boolean UPDATE = Boolean.getBoolean("golden.update");

    static List<Path> valid() {
        return Documents.resources("valid");
    }

    static List<Path> invalid() {
        return Documents.resources("invalid");
    }

    static List<Path> examples() {
        return Documents.examples();
    }

    @ParameterizedTest
    @MethodSource({"valid", "examples"})
    void valid_document_becomesModel(Path file) {
        Parsed<Model> parsed = ModelMerge.merge(Documents.role(file), List.of(Documents.source(file)));

        assertThat(parsed.notes()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource({"valid", "examples"})
    void exported_model_readsBackWithoutDifference(Path file) {
        Role role = Documents.role(file);
        Model model = ModelMerge.merge(role, List.of(Documents.source(file))).orThrow();

        Source exported = Source.file(file.getFileName().toString(), ConfigWriter.file(model));
        Model again = ModelMerge.merge(role, List.of(exported)).orThrow();

        assertThat(ModelDiff.between(model, again)).hasToString("no changes\n");
        assertThat(again).isEqualTo(model);
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void invalid_document_yieldsExpectedProblems(Path file) {
        Parsed<Model> parsed = ModelMerge.merge(Documents.role(file), List.of(Documents.source(file)));

        String problems = parsed.notes().stream().map(problem -> problem + "\n").collect(Collectors.joining());
        Path expected = Path.of(file.toString().replace(".yaml", ".expected"));
        if (UPDATE) {
            Documents.write(expected, problems);
        }
        assertThat(parsed).isInstanceOf(Parsed.Problems.class);
        assertThat(problems).isEqualTo(Documents.read(expected));
    }

    @Test
    void invalid_documents_neverEchoSecrets() {
        for (Path file : invalid()) {
            String problems = ModelMerge.merge(Documents.role(file), List.of(Documents.source(file)))
                    .toString();

            assertThat(problems).as(file.toString()).doesNotContain("hunter2", "TqFAW", "dMlWB");
        }
    }

    @Test
    void invalid_documents_areMany() {
        assertThat(invalid()).hasSizeGreaterThan(45);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void example_role_isRecognised(Path file) {
        assertThat(ConfigParser.roleOf(Documents.source(file))).isEqualTo(Documents.role(file));
    }

    @Test
    void reference_inDocs_isUpToDate() {
        Path file = Documents.repository("docs/config.md");
        if (UPDATE) {
            Documents.write(file, ConfigReference.markdown());
        }

        assertThat(Files.exists(file)).isTrue();
        assertThat(Documents.read(file)).isEqualTo(ConfigReference.markdown());
    }
}
