package dev.culvert.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileStoreTest {
    private Path root = Path.of("");
    private FileStore store;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        root = folder.resolve("store");
        store = new FileStore(root);
    }

    @Test
    void put_countsVersionsAndIsThereForTheNextProcess() throws Exception {
        assertThat(store.read("sites/home")).isNull();
        assertThat(store.put("sites/home", 0, "one\ntwo\n").version()).isEqualTo(1);
        assertThat(store.put("sites/home", 1, "three").version()).isEqualTo(2);

        Store.Document read = new FileStore(root).read("sites/home");

        assertThat(read).isEqualTo(new Store.Document("sites/home", 2, "three"));
    }

    @Test
    void put_withAnOldVersion_isAConflictAndChangesNothing() throws Exception {
        store.put("sites/home", 0, "one");

        assertThatThrownBy(() -> store.put("sites/home", 0, "two")).isInstanceOf(Store.Conflict.class);
        assertThatThrownBy(() -> store.put("sites/home", 2, "two")).isInstanceOf(Store.Conflict.class);
        assertThatThrownBy(() -> store.put("sites/new", 1, "two")).isInstanceOf(Store.Conflict.class);

        assertThat(store.list("sites")).containsExactly(new Store.Document("sites/home", 1, "one"));
    }

    @Test
    void list_isByKeyAndOfOneKind() throws Exception {
        store.put("sites/b", 0, "");
        store.put("sites/a", 0, "");
        store.put("gateways/c", 0, "");

        assertThat(store.list("sites")).extracting(Store.Document::key).containsExactly("sites/a", "sites/b");
        assertThat(store.list("nothing")).isEmpty();
    }

    @Test
    void delete_forgetsAndMayBeRepeated() throws Exception {
        store.put("sites/home", 0, "one");
        store.delete("sites/home");
        store.delete("sites/home");

        assertThat(store.read("sites/home")).isNull();
        assertThat(store.put("sites/home", 0, "again").version()).isEqualTo(1);
    }

    @Test
    void leftoverOfACrash_isNoDocumentAndIsOverwritten() throws Exception {
        store.put("sites/home", 0, "one");
        Files.writeString(root.resolve("sites/.home.doc.new"), "# culvert document, ver");
        Files.writeString(root.resolve("sites/.other.doc.new"), "half");

        assertThat(store.list("sites")).hasSize(1);
        assertThat(store.put("sites/home", 1, "two").version()).isEqualTo(2);
        assertThat(store.read("sites/home")).extracting(Store.Document::text).isEqualTo("two");
    }

    @Test
    void files_areForTheirOwnerOnly() throws Exception {
        store.put("sites/home", 0, "one");

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("sites/home.doc"))))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("sites"))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root)))
                .isEqualTo("rwx------");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "sites", "sites/", "/home", "sites/../x", "sites/a/b", "Sites/a", "sites/a b", "sites/.."})
    void keyOutOfForm_isRefused(String key) {
        assertThatThrownBy(() -> store.read(key)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello\n", "# culvert document, version x\nhello", "# culvert document, version 1"})
    void fileThatIsNoDocument_isNamed(String text) throws Exception {
        Files.createDirectories(root.resolve("sites"));
        Files.writeString(root.resolve("sites/home.doc"), text);

        assertThatThrownBy(() -> store.read("sites/home"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("home.doc");
    }

    @Test
    void stateFolder_isHeldByOneNodeAtATime() throws Exception {
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
}
