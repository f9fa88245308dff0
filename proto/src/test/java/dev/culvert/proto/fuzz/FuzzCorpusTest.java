package dev.culvert.proto.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every input that a fuzzer has found worth keeping, again, whole, cut and bent.
final class FuzzCorpusTest {
    private static List<Path> corpus(FuzzTarget target) throws IOException {
        Path folder = Path.of("src/test/resources/fuzz", target.name().toLowerCase(Locale.ROOT));
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void corpus_isTakenWholeCutAndBent(FuzzTarget target) throws IOException {
        List<Path> files = corpus(target);
        assertThat(files).isNotEmpty();
        Random random = new Random(29);
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            target.take(bytes);
            for (int i = 0; i < 20; i++) {
                byte[] bent = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 8));
                for (int turned = random.nextInt(8); turned > 0 && bent.length > 0; turned--) {
                    bent[random.nextInt(bent.length)] = (byte) random.nextInt();
                }
                target.take(bent);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noise_isTaken(FuzzTarget target) {
        Random random = new Random(31);
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(400)];
            random.nextBytes(bytes);
            target.take(bytes);
        }
    }
}
