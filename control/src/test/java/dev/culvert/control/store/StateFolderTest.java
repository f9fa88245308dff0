package dev.culvert.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.store.Store.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFolderTest {
    @TempDir
    private Path root = Path.of("");

    /// As the version before SQLite wrote it.
    private Path oldDocument(String key, long version, String text) throws IOException {
        Path file = root.resolve("store").resolve(key + ".doc");
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "# culvert document, version " + version + "\n" + text);
    }

    @Test
    void lock_isHeldByOneNodeAtATime() throws Exception {
        try (StateFolder first = new StateFolder(root)) {
            first.lock();
            try (StateFolder second = new StateFolder(root)) {
                assertThatThrownBy(second::lock).hasMessageContaining("another culvert already runs");
            }
        }
        try (StateFolder third = new StateFolder(root)) {
            third.lock();
        }
    }

    @Test
    void store_ofAnEarlierVersion_isTakenOverOnceWithItsVersions() throws Exception {
        oldDocument("sites/home", 3, "sites: {}\n");
        oldDocument("enrolments/x_-1", 1, "{}");
        Files.writeString(root.resolve("store/sites/.home.doc.new"), "# culvert doc");

        try (StateFolder state = new StateFolder(root)) {
            assertThat(state.peek("sites")).containsExactly(new Document("sites/home", 3, "sites: {}\n"));
            state.lock();
            assertThat(state.store().list("sites")).containsExactly(new Document("sites/home", 3, "sites: {}\n"));
            assertThat(state.store().read("enrolments/x_-1")).isNotNull();
            state.store().delete("sites/home");
        }
        assertThat(root.resolve("store")).doesNotExist();
        assertThat(root.resolve("store.imported/sites/home.doc")).exists();
        try (StateFolder again = new StateFolder(root)) {
            assertThat(again.store().list("sites")).isEmpty();
            assertThat(again.peek("sites")).isEmpty();
        }
    }

    @Test
    void store_afterACrashBetweenTakingOverAndRetiring_keepsWhatIsNewer() throws Exception {
        oldDocument("sites/home", 1, "old");
        oldDocument("sites/other", 1, "old");
        try (SqliteStore crashed = new SqliteStore(root.resolve("db"))) {
            crashed.put("sites/home", 0, "taken over");
            crashed.put("sites/home", 1, "and changed");
        }

        try (StateFolder state = new StateFolder(root)) {
            assertThat(state.store().list("sites"))
                    .containsExactly(
                            new Document("sites/home", 2, "and changed"), new Document("sites/other", 1, "old"));
        }
    }

    @Test
    void store_ofAnEarlierVersionWhoseNodeStillRuns_isLeftAlone() throws Exception {
        oldDocument("sites/home", 1, "old");

        try (StateFolder node = new StateFolder(root);
                StateFolder command = new StateFolder(root)) {
            node.lock();
            assertThatThrownBy(command::store).hasMessageContaining("another culvert already runs");
            assertThat(command.peek("sites")).hasSize(1);
        }
        assertThat(root.resolve("store/sites/home.doc")).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello\n", "# culvert document, version x\nhello", "# culvert document, version 1"})
    void oldFileThatIsNoDocument_isNamedAndNothingIsTakenOver(String text) throws Exception {
        oldDocument("sites/good", 1, "x");
        Files.writeString(root.resolve("store/sites/home.doc"), text);

        try (StateFolder state = new StateFolder(root)) {
            assertThatThrownBy(state::store).isInstanceOf(IOException.class).hasMessageContaining("home.doc");
            assertThatThrownBy(() -> state.peek("sites")).hasMessageContaining("home.doc");
        }
        assertThat(root.resolve("store/sites/good.doc")).exists();
    }

    @Test
    void peek_besideANodeAndAfterIt_findsTheSame() throws Exception {
        List<Document> home = List.of(new Document("sites/home", 1, "x"));
        try (StateFolder look = new StateFolder(root)) {
            try (StateFolder node = new StateFolder(root)) {
                node.lock();
                node.store().put("sites/home", 0, "x");
                assertThat(look.peek("sites")).isEqualTo(home);
            }
            assertThat(look.peek("sites")).isEqualTo(home);
        }
    }

    @Test
    void peek_withoutAStore_findsAndMakesNothing() throws Exception {
        try (StateFolder state = new StateFolder(root)) {
            assertThat(state.peek("sites")).isEmpty();
        }
        assertThat(root).isEmptyDirectory();
    }
}
