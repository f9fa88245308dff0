package dev.culvert.control.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.os.DescriptorSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class TrustedProgramTest {
    private final int user = DescriptorSocket.ownUser();

    @TempDir
    private Path folder = Path.of("");

    private Path program(String mode) throws IOException {
        Path program = Files.writeString(folder.resolve("program"), "#!/bin/sh\n");
        return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString(mode));
    }

    @Test
    void require_ofAnOwnProgram_isItsRealPath() throws IOException {
        Path program = program("rwxr-xr-x");
        Path link = Files.createSymbolicLink(folder.resolve("link"), program);

        assertThat(TrustedProgram.require(link.toString(), user)).isEqualTo(program.toRealPath());
    }

    @Test
    void require_ofAProgramThatOthersMayWrite_refuses() throws IOException {
        Path program = program("rwxr-xrwx");

        assertThatThrownBy(() -> TrustedProgram.require(program.toString(), user))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("can be changed by others")
                .hasMessageContaining("chmod go-w");
    }

    @Test
    void require_ofAProgramInAFolderThatOthersMayWrite_refuses() throws IOException {
        Path program = program("rwxr-xr-x");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> TrustedProgram.require(program.toString(), user))
                .hasMessageContaining(folder.toRealPath() + " can be changed by others");
    }

    @Test
    void require_ofAnotherUsersProgram_refuses() throws IOException {
        Path program = program("rwxr-xr-x");
        int owner = (Integer) Files.getAttribute(program, "unix:uid");

        if (owner == 0) {
            assertThat(TrustedProgram.require("/bin/sh", user + 1)).isNotNull();
        } else {
            assertThatThrownBy(() -> TrustedProgram.require(program.toString(), user + 1))
                    .hasMessageContaining("can be changed by others");
        }
    }

    @Test
    void require_ofWhatIsNoProgram_saysWhy() throws IOException {
        assertThatThrownBy(() -> TrustedProgram.require("culvert", user)).hasMessageContaining("no absolute path");
        assertThatThrownBy(() -> TrustedProgram.require("/nowhere/culvert", user))
                .hasMessageContaining("no program /nowhere/culvert");
        assertThatThrownBy(() -> TrustedProgram.require(folder.toString(), user))
                .hasMessageContaining("no program that");
        assertThatThrownBy(() -> TrustedProgram.require(program("rw-r--r--").toString(), user))
                .hasMessageContaining("no program that");
    }
}
