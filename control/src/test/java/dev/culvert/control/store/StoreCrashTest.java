package dev.culvert.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.store.testing.StoreWriter;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Few of what the lab's `store-crash` does often.
@Timeout(120)
class StoreCrashTest {
    private static final int KILLS = 10;

    @TempDir
    private Path folder = Path.of("");

    @Test
    void writerKilledAtRandomMoments_losesNothingThatWasAcknowledged() throws Exception {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int kill = 0; kill <= KILLS; kill++) {
            Process writer = writer(seed + kill);
            try (BufferedReader lines = writer.inputReader()) {
                // The writer before left the store as the ledger says, up to the write that was cut off.
                String first = lines.readLine();
                for (int writes = random.nextInt(60); writes > 0; writes--) {
                    lines.readLine();
                }
                writer.destroyForcibly();
                assertThat(first).as("seed " + seed + ", after kill " + kill).isEqualTo("verified");
            } finally {
                writer.destroyForcibly().waitFor();
            }
        }
    }

    private Process writer(long seed) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StoreWriter.class.getName(),
                        "kill",
                        folder.resolve("db").toString(),
                        folder.resolve("ledger").toString(),
                        Long.toString(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
