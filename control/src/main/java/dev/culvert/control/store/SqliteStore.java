package dev.culvert.control.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// A [Store] in one SQLite file, `culvert.db`. One connection, one call at a time; other processes may have it
/// open too.
public final class SqliteStore implements Store {
    private static final String FILE = "culvert.db";
    private static final String KEY = "[a-z]+/(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,128}";

    private final Path file;
    private final Connection connection;
    private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
    private Map<String, Long> told = Map.of();
    private String dataVersion = "";

    /// One watch; it is equal to itself only.
    private final class Watcher implements Watch {
        private final Set<String> kinds;
        private final Executor executor;
        private final Runnable listener;

        Watcher(Set<String> kinds, Executor executor, Runnable listener) {
            this.kinds = kinds;
            this.executor = executor;
            this.listener = listener;
        }

        void tell(Set<String> changed) {
            if (kinds.stream().anyMatch(changed::contains)) {
                try {
                    executor.execute(listener);
                } catch (RejectedExecutionException e) {
                    // The process is ending.
                }
            }
        }

        @Override
        public void close() {
            watchers.remove(this);
        }
    }

    @FunctionalInterface
    private interface Work<T> {
        T run() throws SQLException, IOException;
    }

    /// Opens the store for reading and writing.
    ///
    /// @param folder made with mode 0700 if it is not there
    /// @throws IOException with the remedy
    public SqliteStore(Path folder) throws IOException {
        this(file(folder), Database.open(file(folder)));
    }

    private SqliteStore(Path file, Connection connection) throws IOException {
        this.file = file;
        this.connection = connection;
        try {
            dataVersion = dataVersion();
            told = changeCounts();
        } catch (SQLException e) {
            close();
            throw Faults.of(file, e);
        }
    }

    /// Opens a store that is there for reading only; writes fail.
    ///
    /// @throws IOException with the remedy
    public static SqliteStore readOnly(Path folder) throws IOException {
        return new SqliteStore(file(folder), Database.openReadOnly(file(folder)));
    }

    /// The file of the store in `folder`.
    static Path file(Path folder) {
        return folder.resolve(FILE);
    }

    @Override
    public @Nullable Document read(String key) {
        String name = name(key);
        List<Document> found = documents(
                "SELECT kind, name, version, text FROM document WHERE kind = ? AND name = ?", kind(key), name);
        return found.isEmpty() ? null : found.getFirst();
    }

    @Override
    public List<Document> list(String kind) {
        return documents("SELECT kind, name, version, text FROM document WHERE kind = ? ORDER BY name", kind);
    }

    private synchronized List<Document> documents(String sql, String... arguments) {
        try (PreparedStatement query = statement(sql, (Object[]) arguments);
                ResultSet rows = query.executeQuery()) {
            List<Document> documents = new ArrayList<>();
            while (rows.next()) {
                documents.add(
                        new Document(rows.getString(1) + "/" + rows.getString(2), rows.getLong(3), rows.getString(4)));
            }
            return documents;
        } catch (SQLException e) {
            throw new UncheckedIOException(Faults.of(file, e));
        }
    }

    @Override
    public List<Document> commit(List<Change> changes) throws IOException {
        Set<String> kinds = new TreeSet<>();
        changes.forEach(change -> kinds.add(kind(change.key())));
        return write(kinds, () -> {
            List<Document> put = new ArrayList<>();
            for (Change change : changes) {
                int rows;
                switch (change) {
                    case Change.Put(String key, long expected, String text) -> {
                        rows = put(key, expected, expected + 1, text);
                        put.add(new Document(key, expected + 1, text));
                    }
                    case Change.Remove(String key, long expected) ->
                        rows = expected == 0 && version(key) == 0
                                ? 1
                                : update(
                                        "DELETE FROM document WHERE kind = ? AND name = ? AND version = ?",
                                        kind(key),
                                        name(key),
                                        expected);
                }
                if (rows != 1) {
                    throw new Conflict(change.key());
                }
            }
            return put;
        });
    }

    private int put(String key, long expected, long version, String text) throws SQLException {
        return expected == 0
                ? update(
                        "INSERT INTO document (kind, name, version, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        kind(key),
                        name(key),
                        version,
                        text)
                : update(
                        "UPDATE document SET version = ?, text = ? WHERE kind = ? AND name = ? AND version = ?",
                        version,
                        text,
                        kind(key),
                        name(key),
                        expected);
    }

    private long version(String key) throws SQLException {
        try (PreparedStatement query =
                        statement("SELECT version FROM document WHERE kind = ? AND name = ?", kind(key), name(key));
                ResultSet rows = query.executeQuery()) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    @Override
    public void delete(String key) throws IOException {
        write(
                Set.of(kind(key)),
                () -> update("DELETE FROM document WHERE kind = ? AND name = ?", kind(key), name(key)));
    }

    /// Takes documents over with their versions; those that are here already stay as they are.
    void adopt(List<Document> documents) throws IOException {
        Set<String> kinds = new TreeSet<>();
        documents.forEach(document -> kinds.add(kind(document.key())));
        write(kinds, () -> {
            int adopted = 0;
            for (Document document : documents) {
                adopted += put(document.key(), 0, document.version(), document.text());
            }
            return adopted;
        });
    }

    @Override
    public Watch watch(Collection<String> kinds, Executor executor, Runnable listener) {
        Watcher watcher = new Watcher(Set.copyOf(kinds), executor, listener);
        watchers.add(watcher);
        return watcher;
    }

    @Override
    public void catchUp() {
        Set<String> changed = new TreeSet<>();
        synchronized (this) {
            try {
                String version = dataVersion();
                if (version.equals(dataVersion)) {
                    return;
                }
                Map<String, Long> counts = changeCounts();
                counts.forEach((kind, count) -> {
                    if (!count.equals(told.get(kind))) {
                        changed.add(kind);
                    }
                });
                told = counts;
                dataVersion = version;
            } catch (SQLException e) {
                throw new UncheckedIOException(Faults.of(file, e));
            }
        }
        tell(changed);
    }

    @Override
    public synchronized void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // What was committed is in the log, and the next one to open it finds it there.
        }
    }

    /// One transaction; it takes the right to write at its beginning, so it never fails half-way because of another.
    private <T> T write(Set<String> kinds, Work<T> work) throws IOException {
        T result = transaction(kinds, work);
        tell(kinds);
        return result;
    }

    private synchronized <T> T transaction(Set<String> kinds, Work<T> work) throws IOException {
        try {
            execute("BEGIN IMMEDIATE");
            try {
                T result = work.run();
                Map<String, Long> counts = new HashMap<>(told);
                for (String kind : kinds) {
                    counts.put(kind, count(kind));
                }
                execute("COMMIT");
                told = counts;
                return result;
            } catch (SQLException | IOException | RuntimeException e) {
                rollback();
                throw e;
            }
        } catch (SQLException e) {
            throw Faults.of(file, e);
        }
    }

    /// SQLite has done it by itself after some failures, as of a full disk (sqlite.org/lang_transaction.html).
    private void rollback() {
        try {
            execute("ROLLBACK");
        } catch (SQLException e) {
            // None was under way any more.
        }
    }

    private void tell(Set<String> kinds) {
        watchers.forEach(watcher -> watcher.tell(kinds));
    }

    /// Counts one more change of a kind.
    private long count(String kind) throws SQLException {
        try (PreparedStatement query = statement(
                        "INSERT INTO change (kind, count) VALUES (?, 1)"
                                + " ON CONFLICT (kind) DO UPDATE SET count = count + 1 RETURNING count",
                        kind);
                ResultSet rows = query.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private Map<String, Long> changeCounts() throws SQLException {
        Map<String, Long> counts = new HashMap<>();
        try (PreparedStatement query = statement("SELECT kind, count FROM change");
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                counts.put(rows.getString(1), rows.getLong(2));
            }
        }
        return counts;
    }

    /// Another value than before says that another connection has committed (sqlite.org/pragma.html, "data_version").
    private String dataVersion() throws SQLException {
        return Database.text(connection, "PRAGMA data_version");
    }

    private int update(String sql, Object... arguments) throws SQLException {
        try (PreparedStatement update = statement(sql, arguments)) {
            return update.executeUpdate();
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private PreparedStatement statement(String sql, Object... arguments) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < arguments.length; i++) {
            statement.setObject(i + 1, arguments[i]);
        }
        return statement;
    }

    private static String kind(String key) {
        if (!key.matches(KEY)) {
            throw new IllegalArgumentException("document key: " + key + " (expected: kind/name)");
        }
        return key.substring(0, key.indexOf('/'));
    }

    private static String name(String key) {
        return key.substring(kind(key).length() + 1);
    }
}
