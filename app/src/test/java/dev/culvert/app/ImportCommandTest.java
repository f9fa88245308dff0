package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class ImportCommandTest {
    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHn8=";

    @TempDir
    private Path folder = Path.of("");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Path file, String... options) {
        CommandLine commandLine = CulvertCommand.commandLine();
        commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        String[] arguments = new String[options.length + 2];
        arguments[0] = "import";
        arguments[1] = file.toString();
        System.arraycopy(options, 0, arguments, 2, options.length);
        return commandLine.execute(arguments);
    }

    private Path hub() throws IOException {
        return Files.writeString(folder.resolve("wg0.conf"), """
                        [Interface]
                        Address = 10.8.0.1/24
                        ListenPort = 51820
                        PrivateKey = %s
                        PostUp = touch %s
                        [Peer]
                        PublicKey = TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=
                        AllowedIPs = 10.8.0.2/32
                        """.formatted(KEY, folder.resolve("ran")));
    }

    @Test
    void file_ofAHub_becomesAProposalAndAKeyFile() throws IOException {
        Path yaml = folder.resolve("gateway.yaml");

        assertThat(run(hub(), "--output", yaml.toString())).isZero();

        Path key = folder.resolve("wg0.key");
        assertThat(key).hasContent(KEY);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(yaml)).contains("private-key-file: ").doesNotContain(KEY);
        assertThat(err.toString()).contains("wg0.conf:5:10: PostUp: left out").doesNotContain(KEY);
        assertThat(folder.resolve("ran")).doesNotExist();
        assertThat(new ConfigFile(yaml, folder.resolve("no-state")).role()).hasToString("gateway");
    }

    @Test
    void output_thatExists_isLeftAlone() throws IOException {
        Path yaml = Files.writeString(folder.resolve("gateway.yaml"), "mine");

        assertThat(run(hub(), "-o", yaml.toString())).isEqualTo(1);
        assertThat(yaml).hasContent("mine");
        assertThat(folder.resolve("wg0.key")).doesNotExist();
    }

    @Test
    void keyFile_withAnotherKey_isLeftAlone() throws IOException {
        Path keys = Files.createDirectory(folder.resolve("keys"));
        Path key = Files.createFile(
                keys.resolve("wg0.key"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(key, "another");

        assertThat(run(hub(), "--keys", keys.toString())).isEqualTo(1);
        assertThat(err.toString()).contains("holds another key already");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void mistakes_areToldWithTheirPlace_andNothingIsWritten() throws IOException {
        Path file = Files.writeString(folder.resolve("wg0.conf"), "[Interface]\nPrivateKey = hunter2\nMTU = 9\n");

        assertThat(run(file)).isEqualTo(Main.BROKEN_CONFIGURATION);
        assertThat(err.toString())
                .contains("wg0.conf:2:14: PrivateKey: not a key", "wg0.conf:3:7: MTU", "Peer: is missing")
                .doesNotContain("hunter2");
        assertThat(folder.resolve("wg0.key")).doesNotExist();
    }
}
