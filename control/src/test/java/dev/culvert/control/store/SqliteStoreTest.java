package dev.culvert.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.store.Store.Change;
import dev.culvert.control.store.Store.Document;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteStoreTest {
    private Path folder = Path.of("");
    private SqliteStore store;

    @BeforeEach
    void open(@TempDir Path parent) throws IOException {
        folder = parent.resolve("what? a folder%");
        store = new SqliteStore(folder);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private Path file() {
        return SqliteStore.file(folder);
    }

    @Test
    void put_countsVersionsAndIsThereForTheNextProcess() throws Exception {
        assertThat(store.read("sites/home")).isNull();
        assertThat(store.put("sites/home", 0, "one\ntwo\n").version()).isEqualTo(1);
        assertThat(store.put("sites/home", 1, "thrée\0").version()).isEqualTo(2);

        try (SqliteStore next = new SqliteStore(folder)) {
            assertThat(next.read("sites/home")).isEqualTo(new Document("sites/home", 2, "thrée\0"));
        }
    }

    @Test
    void put_withAnOldVersion_isAConflictAndChangesNothing() throws Exception {
        store.put("sites/home", 0, "one");

        assertThatThrownBy(() -> store.put("sites/home", 0, "two")).isInstanceOf(Store.Conflict.class);
        assertThatThrownBy(() -> store.put("sites/home", 2, "two")).isInstanceOf(Store.Conflict.class);
        assertThatThrownBy(() -> store.put("sites/new", 1, "two")).isInstanceOf(Store.Conflict.class);

        assertThat(store.list("sites")).containsExactly(new Document("sites/home", 1, "one"));
    }

    @Test
    void list_isByKeyAndOfOneKind() throws Exception {
        store.put("sites/b", 0, "");
        store.put("sites/a", 0, "");
        store.put("gateways/c", 0, "");

        assertThat(store.list("sites")).extracting(Document::key).containsExactly("sites/a", "sites/b");
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
    void commit_ofSeveral_isOneChange() throws Exception {
        store.put("services/a", 0, "1");
        store.put("services/b", 0, "1");

        List<Document> put = store.commit(List.of(
                new Change.Put("services/a", 1, "2"),
                new Change.Remove("services/b", 1),
                new Change.Remove("services/nobody", 0),
                new Change.Put("services/c", 0, "1")));

        assertThat(put).containsExactly(new Document("services/a", 2, "2"), new Document("services/c", 1, "1"));
        assertThat(store.list("services")).containsExactlyElementsOf(put);
    }

    @Test
    void commit_withOneConflict_changesNothingAtAll() throws Exception {
        store.put("services/a", 0, "1");
        store.put("services/b", 0, "1");

        assertThatThrownBy(() -> store.commit(
                        List.of(new Change.Put("services/a", 1, "2"), new Change.Put("services/b", 7, "2"))))
                .isInstanceOf(Store.Conflict.class)
                .hasMessageContaining("services/b");
        assertThatThrownBy(() ->
                        store.commit(List.of(new Change.Put("services/c", 0, "1"), new Change.Remove("services/a", 0))))
                .isInstanceOf(Store.Conflict.class);

        assertThat(store.list("services"))
                .containsExactly(new Document("services/a", 1, "1"), new Document("services/b", 1, "1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "sites", "sites/", "/home", "sites/../x", "sites/a/b", "Sites/a", "sites/a b", "sites/.."})
    void keyOutOfForm_isRefused(String key) {
        assertThatThrownBy(() -> store.read(key)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.put(key, 0, "")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nameOf128_isTaken_oneMoreIsNot() throws Exception {
        store.put("services/" + "x".repeat(128), 0, "");

        assertThatThrownBy(() -> store.put("services/" + "x".repeat(129), 0, ""))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void watch_isToldAfterItsKindsHaveChangedAndNotAfterOthersOrAFailure() throws Exception {
        List<String> seen = new ArrayList<>();
        Store.Watch watch = store.watch(
                List.of("sites", "services"),
                Runnable::run,
                () -> seen.add(store.list("sites").toString()));

        store.put("sites/a", 0, "1");
        store.put("gateways/a", 0, "1");
        assertThatThrownBy(() -> store.put("sites/a", 0, "2")).isInstanceOf(Store.Conflict.class);
        store.commit(List.of(new Change.Put("services/a", 0, "1"), new Change.Put("sites/a", 1, "2")));
        store.delete("sites/a");
        watch.close();
        store.put("sites/a", 0, "3");

        assertThat(seen)
                .containsExactly(
                        "[Document[key=sites/a, version=1, text=1]]",
                        "[Document[key=sites/a, version=2, text=2]]",
                        "[]");
    }

    @Test
    void catchUp_tellsWhatAnotherProcessChanged() throws Exception {
        List<String> told = new ArrayList<>();
        store.watch(List.of("sites"), Runnable::run, () -> told.add("sites"));
        store.watch(List.of("gateways"), Runnable::run, () -> told.add("gateways"));
        store.catchUp();
        assertThat(told).isEmpty();

        try (SqliteStore other = new SqliteStore(folder)) {
            other.put("gateways/vps", 0, "1");
            other.put("memory/last-good", 0, "1");
        }
        store.catchUp();
        store.catchUp();

        assertThat(told).containsExactly("gateways");
    }

    @Test
    void anotherProcess_readsWhileOneWrites() throws Exception {
        store.put("sites/a", 0, "1");
        try (Connection writer = DriverManager.getConnection("jdbc:sqlite:" + file().toUri());
                Statement statement = writer.createStatement();
                SqliteStore reader = SqliteStore.readOnly(folder)) {
            statement.execute("BEGIN IMMEDIATE");
            statement.execute("UPDATE document SET text = 'uncommitted'");

            assertThat(reader.read("sites/a")).isEqualTo(new Document("sites/a", 1, "1"));
            assertThat(store.read("sites/a")).isEqualTo(new Document("sites/a", 1, "1"));
            statement.execute("ROLLBACK");
        }
    }

    @Test
    void readOnly_doesNotWrite() throws Exception {
        store.put("sites/a", 0, "1");
        try (SqliteStore reader = SqliteStore.readOnly(folder)) {
            assertThatThrownBy(() -> reader.put("sites/a", 1, "2")).hasMessageContaining("cannot be written");
        }
    }

    @Test
    void files_areForTheirOwnerOnly() throws Exception {
        store.put("sites/home", 0, "one");

        for (String name : List.of("culvert.db", "culvert.db-wal", "culvert.db-shm")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
                    .as(name)
                    .isEqualTo("rw-------");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
    }

    @Test
    void settings_areThoseThatSurviveAPowerCut() throws Exception {
        try (Connection raw = Database.open(file())) {
            assertThat(Database.text(raw, "PRAGMA journal_mode")).isEqualTo("wal");
            // 2 is FULL.
            assertThat(Database.text(raw, "PRAGMA synchronous")).isEqualTo("2");
            assertThat(Database.text(raw, "PRAGMA busy_timeout")).isEqualTo("5000");
            assertThat(Database.text(raw, "PRAGMA user_version")).isEqualTo("1");
        }
    }

    @Test
    void open_ofADamagedFile_refusesWithTheRemedyAndLeavesItAlone() throws Exception {
        for (int i = 0; i < 50; i++) {
            store.put("sites/s" + i, 0, "x".repeat(1_000));
        }
        store.close();
        try (RandomAccessFile raw = new RandomAccessFile(file().toFile(), "rw")) {
            raw.seek(5 * 4096);
            raw.write(new byte[4 * 4096]);
        }
        byte[] damaged = Files.readAllBytes(file());

        assertThatThrownBy(() -> new SqliteStore(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file() + " is damaged")
                .hasMessageContaining("mv " + folder + " " + folder + ".damaged");
        assertThat(Files.readAllBytes(file())).isEqualTo(damaged);
    }

    @Test
    void open_ofSomethingElse_refusesWithTheRemedy() throws Exception {
        store.close();
        Files.writeString(file(), "this is no database\n".repeat(400));

        assertThatThrownBy(() -> new SqliteStore(folder)).hasMessageContaining("is damaged");
    }

    @Test
    void open_ofAnEmptiedFileBesideItsLog_refuses() throws Exception {
        store.put("sites/home", 0, "one");
        Path copy = Files.createDirectory(folder.resolveSibling("copy"));
        Files.createFile(SqliteStore.file(copy));
        Files.copy(folder.resolve("culvert.db-wal"), copy.resolve("culvert.db-wal"));

        assertThatThrownBy(() -> new SqliteStore(copy)).hasMessageContaining("is damaged (empty, but its log is not)");
    }

    @Test
    void open_ofAFileOfANewerVersion_refusesWithTheRemedy() throws Exception {
        store.close();
        try (Connection raw = Database.open(file());
                Statement statement = raw.createStatement()) {
            statement.execute("PRAGMA user_version = 2");
        }

        assertThatThrownBy(() -> new SqliteStore(folder)).hasMessageContaining("written by a newer culvert (schema 2");
        assertThatThrownBy(() -> SqliteStore.readOnly(folder)).hasMessageContaining("written by a newer culvert");
    }

    @Test
    void open_ofAnEmptyFile_asAfterACrashAtTheFirstStart_beginsAnew() throws Exception {
        Path other = Files.createDirectory(folder.resolveSibling("other"));
        Files.createFile(SqliteStore.file(other));

        try (SqliteStore begun = new SqliteStore(other)) {
            assertThat(begun.put("sites/a", 0, "1").version()).isEqualTo(1);
        }
    }

    /// As on a disk that is full to the last byte: the index of the log, a file, is not to be had.
    @Test
    void open_withoutRoomForTheSharedIndex_readsAndWritesForThisProcessAlone() throws Exception {
        store.put("sites/a", 0, "1");
        store.close();
        // SQLite follows no link to it.
        Files.createSymbolicLink(folder.resolve("culvert.db-shm"), Path.of("nowhere"));

        try (SqliteStore alone = new SqliteStore(folder)) {
            assertThat(alone.read("sites/a")).isEqualTo(new Document("sites/a", 1, "1"));
            assertThat(alone.put("sites/a", 1, "2").version()).isEqualTo(2);
        }
        Files.delete(folder.resolve("culvert.db-shm"));
        try (SqliteStore shared = new SqliteStore(folder)) {
            assertThat(shared.read("sites/a")).isEqualTo(new Document("sites/a", 2, "2"));
        }
    }

    @Test
    void library_liesBesideTheDatabaseOnce() throws Exception {
        NativeLibrary.load(folder);

        assertThat(System.getProperty("org.sqlite.lib.path")).isNotNull();
        assertThat(Path.of(System.getProperty("org.sqlite.lib.path"), System.getProperty("org.sqlite.lib.name")))
                .isAbsolute();
    }
}
