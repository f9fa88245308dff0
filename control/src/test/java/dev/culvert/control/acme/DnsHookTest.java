package dev.culvert.control.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.acme.Authority.OrderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Programs of the operator's, good and bad.
@Timeout(30)
class DnsHookTest {
    private static final String RECORD = "_acme-challenge.example.com";

    @TempDir
    Path folder;

    private String program(String script) throws IOException {
        Path file = Files.writeString(folder.resolve("hook"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }

    private static DnsHook hook(String program) {
        return new DnsHook(program, Duration.ofSeconds(2));
    }

    @Test
    void remove_tellsRecordAndValueWithoutAShell() throws Exception {
        Path out = folder.resolve("out");
        String program = program("printf '%s|' \"$@\" >" + out + "\nenv >>" + out + "\n");
        hook(program).remove(RECORD, "$(id)`id`; x");
        assertThat(out).content().startsWith("cleanup|" + RECORD + ".|$(id)`id`; x|");
        assertThat(out).content().contains("CULVERT_RECORD=" + RECORD, "CULVERT_VALUE=$(id)`id`; x");
        assertThat(Files.readAllLines(out))
                .allMatch(line -> line.startsWith("cleanup|")
                        || line.matches("(PATH|HOME|PWD|OLDPWD|SHLVL|_|CULVERT_[A-Z]+)=.*"));
    }

    @Test
    void remove_programFails_saysWhatItSaid() throws Exception {
        String program = program("echo no such zone >&2\nexit 3\n");
        assertThatThrownBy(() -> hook(program).remove(RECORD, "v"))
                .isInstanceOf(OrderException.class)
                .hasMessageContaining("cleanup ended with 3: no such zone");
    }

    /// The pipe holds 64 KiB: who did not read would wait for ever.
    @Test
    void remove_programThatTalksWithoutEnd_isReadAndForgotten() throws Exception {
        String program = program("head -c 1000000 /dev/zero | tr '\\0' x\nexit 1\n");
        assertThatThrownBy(() -> hook(program).remove(RECORD, "v"))
                .hasMessageContaining("ended with 1: xxx")
                .message()
                .hasSizeLessThan(600);
    }

    @Test
    void remove_programThatHangs_isEnded() throws Exception {
        String program = program("sleep 60\n");
        assertThatThrownBy(() -> hook(program).remove(RECORD, "v")).hasMessageContaining("did not end within 2 s");
    }

    @Test
    void remove_programThatIsNotThere_saysSo() {
        assertThatThrownBy(() -> hook(folder.resolve("absent").toString()).remove(RECORD, "v"))
                .hasMessageContaining("cannot be started");
    }
}
