package dev.culvert.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateFolderOwnerTest {
    @TempDir
    private Path folder = Path.of("");

    private Path standard(Map<String, String> environment, Path installed, String user) {
        return StateFolder.standard(environment, installed, user, "/home/me");
    }

    @Test
    void standard_whereAServiceIsInstalled_isItsUnlessNamed() {
        assertThat(standard(Map.of(), folder, "me")).isEqualTo(folder);
        assertThat(standard(Map.of("XDG_STATE_HOME", "/x"), folder, "me")).isEqualTo(folder);
        assertThat(standard(Map.of("CULVERT_STATE", "/named"), folder, "me")).isEqualTo(Path.of("/named"));
    }

    @Test
    void standard_whereNoneIsInstalled_isTheUsersOwn() {
        Path none = folder.resolve("none");

        assertThat(standard(Map.of(), none, "me")).isEqualTo(Path.of("/home/me/.local/state/culvert"));
        assertThat(standard(Map.of("XDG_STATE_HOME", "/x"), none, "me")).isEqualTo(Path.of("/x/culvert"));
        assertThat(standard(Map.of(), none, "root")).isEqualTo(none);
    }

    @Test
    void shareAdminSocket_letsTheGroupInAndNobodyElse() throws Exception {
        try (StateFolder state = new StateFolder(folder)) {
            Files.createFile(state.adminSocket());

            state.shareAdminSocket();

            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state.adminSocket())))
                    .isEqualTo("rw-rw----");
        }
    }

    @Test
    void belongsToAnotherThanRoot_ofOnesOwnFolder_isFalse() throws Exception {
        try (StateFolder state = new StateFolder(folder)) {
            assertThat(state.belongsToAnotherThanRoot(state.owner())).isFalse();
        }
    }
}
