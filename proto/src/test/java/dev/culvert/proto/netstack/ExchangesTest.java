package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every exchange under `src/test/resources/exchanges`, packet by packet and millisecond by millisecond.
final class ExchangesTest {
    private static final Path FOLDER = Path.of("src/test/resources/exchanges");

    static List<Path> exchanges() throws IOException {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".txt"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("exchanges")
    void exchange_isAsWritten(Path file) {
        Script.play(file);
    }

    @Test
    void exchanges_eachSaysWhatItShows() throws IOException {
        assertThat(exchanges()).isNotEmpty();
        for (Path file : exchanges()) {
            assertThat(Files.readAllLines(file).getFirst()).as(file.toString()).startsWith("# ");
        }
    }
}
