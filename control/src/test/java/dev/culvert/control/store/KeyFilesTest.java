package dev.culvert.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.wireguard.PrivateKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyFilesTest {
    @TempDir
    private Path folder = Path.of("");

    @Test
    void readOrCreate_makesAKeyOnceForItsOwnerOnly() throws Exception {
        Path file = folder.resolve("private.key");

        PrivateKey made = KeyFiles.readOrCreate(file);

        assertThat(KeyFiles.readOrCreate(file).base64()).isEqualTo(made.base64());
        assertThat(Files.readString(file)).isEqualTo(made.base64() + "\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-"})
    void fileThatOthersReach_isRefusedWithTheRemedy(String mode) throws Exception {
        Path file = folder.resolve("private.key");
        KeyFiles.readOrCreate(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));

        assertThatThrownBy(() -> KeyFiles.readPrivate(file)).hasMessageContaining("chmod 600 " + file);
        assertThatThrownBy(() -> KeyFiles.readOrCreate(file)).hasMessageContaining("chmod 600");
        assertThatThrownBy(() -> KeyFiles.readPreshared(file)).hasMessageContaining("chmod 600");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "AAAA"})
    void fileWithoutAKey_isSaidSoWithoutItsContent(String text) throws Exception {
        Path file = folder.resolve("private.key");
        KeyFiles.readOrCreate(file);
        Files.writeString(file, text);

        assertThatThrownBy(() -> KeyFiles.readPrivate(file)).hasMessageContaining("holds no private key");
        assertThatThrownBy(() -> KeyFiles.readPreshared(file)).hasMessageContaining("holds no preshared key");
    }
}
