package dev.culvert.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Role;
import dev.culvert.model.config.testing.Documents;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ConfigParserTest {
    @Test
    void parse_moreThanOneMebibyte_isRefusedUnread() {
        String text = "#" + "x".repeat(ConfigParser.MAX_BYTES);

        assertThat(ConfigParser.parse(Role.GATEWAY, Source.file("g", text)).notes())
                .extracting(Problem::message)
                .containsExactly("the document is too large (expected: at most 1 MiB)");
    }

    @Test
    void parse_exactlyOneMebibyteOfMultibyteText_countsBytes() {
        String fits = "#" + "\u00e9".repeat((ConfigParser.MAX_BYTES - 2) / 2) + "\n";

        assertThat(ConfigParser.parse(Role.GATEWAY, Source.file("g", fits))).isInstanceOf(Parsed.Ok.class);
        assertThat(ConfigParser.parse(Role.GATEWAY, Source.file("g", fits + "##")))
                .isInstanceOf(Parsed.Problems.class);
    }

    @Test
    void parse_selfContainingList_ends() {
        Parsed<Config> parsed = ConfigParser.parse(
                Role.GATEWAY, Source.file("g", "http:\n  listen: &a [*a, *a]\nservices: &b {x: *b}\n"));

        assertThat(parsed).isInstanceOf(Parsed.Problems.class);
    }

    @Test
    void parse_billionLaughs_isCheap() {
        StringBuilder text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 6; i++) {
            String alias = "*a" + (i - 1);
            text.append("a%d: &a%d [%s, %s, %s, %s, %s, %s, %s, %s]\n"
                    .formatted(i, i, alias, alias, alias, alias, alias, alias, alias, alias));
        }

        assertThat(ConfigParser.parse(Role.GATEWAY, Source.file("g", text.toString())))
                .isInstanceOf(Parsed.Problems.class);
    }

    @Test
    void parse_mutatedDocuments_neverThrows() {
        long seed = 20261121;
        Random random = new Random(seed);
        List<Path> files = Stream.concat(Documents.resources("valid").stream(), Documents.resources("invalid").stream())
                .toList();
        String alphabet = "\n\t :-[]{}&*!|>'\"%@`#,?\\\u0000\u0085\ufeff\ud800az09./~";
        for (int i = 0; i < 4000; i++) {
            Path file = files.get(random.nextInt(files.size()));
            StringBuilder text = new StringBuilder(Documents.read(file));
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                mutate(text, alphabet, random);
            }
            Source source = Source.file("mutant", text.toString());

            List<Problem> problems =
                    ModelMerge.merge(Documents.role(file), List.of(source)).notes();

            for (Problem problem : problems) {
                assertThat(problem.toString())
                        .as("seed " + seed + ", round " + i)
                        .matches("\\P{Cntrl}+");
            }
        }
    }

    @Test
    void parse_malformedKey_isNeverEchoed() {
        long seed = 44;
        Random random = new Random(seed);
        String alphabet = "ABCabc0189+/= :-#!";
        for (int i = 0; i < 500; i++) {
            StringBuilder key = new StringBuilder("TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=");
            key.insert(30, alphabet.charAt(random.nextInt(alphabet.length())));
            if (random.nextBoolean()) {
                key.deleteCharAt(35);
            }
            String text = """
                    tunnel: {private-key: "KEY"}
                    sites:
                      home: {public-key: "KEY", preshared-key: "KEY", private-key: "KEY", address: 10.77.0.2}
                    """.replace("KEY", key);

            assertThat(ConfigParser.parse(Role.GATEWAY, Source.file("g", text)).toString())
                    .as("seed " + seed + ", round " + i)
                    .doesNotContain("TqFAWIFQ");
        }
    }

    private static void mutate(StringBuilder text, String alphabet, Random random) {
        int at = random.nextInt(text.length() + 1);
        int until = Math.min(text.length(), at + random.nextInt(6));
        switch (random.nextInt(3)) {
            case 0 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
            case 1 -> text.delete(at, until);
            default -> text.insert(random.nextInt(text.length() + 1), text.substring(at, until));
        }
    }
}
