package dev.culvert.control.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;

/// Opens the SQLite file of a store: durable, private, checked, of a known schema.
final class Database {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    /// Counts changes of the schema below; a file of a newer one is not touched.
    static final int SCHEMA = 1;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    // Other processes write a document or two at a time; who waits for longer than this waits for something broken.
    private static final int BUSY_MILLIS = 5_000;

    // WAL: readers in other processes do not wait for the writer. FULL syncs the log after each commit, which NORMAL
    // does not: with NORMAL a committed transaction may roll back after a power cut (sqlite.org/pragma.html,
    // "synchronous", and sqlite.org/wal.html, section 2.3). The rest keeps it small: 128 KiB of pages in memory, a log
    // of some 512 KiB.
    private static final String[] SETTINGS = {
        "PRAGMA synchronous = FULL",
        "PRAGMA cache_size = -128",
        "PRAGMA wal_autocheckpoint = 128",
        "PRAGMA journal_size_limit = 524288",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA trusted_schema = OFF"
    };

    private static final String[] TABLES = {
        """
        CREATE TABLE document (
          kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL,
          PRIMARY KEY (kind, name)) STRICT
        """,
        // How often a kind has changed: what another process has to look at to know what to read again.
        "CREATE TABLE change (kind TEXT PRIMARY KEY NOT NULL, count INTEGER NOT NULL) STRICT",
        "PRAGMA user_version = " + SCHEMA
    };

    private Database() {}

    /// Opens it for writing, made if it is not there.
    ///
    /// @throws IOException with the remedy
    static Connection open(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException("no folder for " + file);
        }
        StateFolder.create(folder);
        NativeLibrary.load(folder);
        boolean fresh = create(file);
        try {
            Connection connection = openOrExclusive(file);
            if (fresh) {
                sync(folder);
            }
            return connection;
        } catch (SQLException e) {
            throw Faults.of(file, e);
        }
    }

    /// Opens it for reading, while others may write.
    ///
    /// @throws IOException with the remedy
    static Connection openReadOnly(Path file) throws IOException {
        NativeLibrary.load(file.toAbsolutePath().resolveSibling(""));
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(true);
        config.setBusyTimeout(BUSY_MILLIS);
        try {
            Connection connection = config.createConnection(url(file));
            try {
                checkSchema(file, connection);
                return connection;
            } catch (SQLException | IOException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw Faults.of(file, e);
        }
    }

    /// Files that SQLite puts beside it (-wal, -shm) get its mode.
    private static boolean create(Path file) throws IOException {
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            return true;
        } catch (FileAlreadyExistsException e) {
            if (!Files.getPosixFilePermissions(file).equals(OWNER_ONLY)) {
                Files.setPosixFilePermissions(file, OWNER_ONLY);
            }
        }
        Path log = file.resolveSibling(file.getFileName() + "-wal");
        // SQLite would take the empty file for a new database and delete the log.
        if (Files.size(file) == 0 && Files.exists(log) && Files.size(log) > 0) {
            throw new IOException(Faults.damaged(file, "empty, but its log is not"));
        }
        return false;
    }

    /// The index of the log is a file shared by processes, and a full disk has no room for it. In exclusive mode it is
    /// in memory (sqlite.org/wal.html, section 8), so that the node starts from what it has.
    private static Connection openOrExclusive(Path file) throws SQLException, IOException {
        try {
            return prepared(file, false);
        } catch (SQLException e) {
            if (!Faults.mayBeFullDisk(e) || Files.size(file) == 0) {
                throw e;
            }
            Connection connection = prepared(file, true);
            LOG.error(
                    "{} was opened for this process alone, as on a full disk ({}): free some space, then restart",
                    file,
                    e.getMessage());
            return connection;
        }
    }

    private static Connection prepared(Path file, boolean exclusive) throws SQLException, IOException {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_MILLIS);
        Connection connection = config.createConnection(url(file));
        try {
            if (exclusive) {
                text(connection, "PRAGMA locking_mode = EXCLUSIVE");
            }
            String mode = text(connection, "PRAGMA journal_mode = WAL");
            if (!mode.equals("wal")) {
                throw new IOException(file + " stands on a file system without shared memory (journal mode " + mode
                        + "): choose a local folder with --state");
            }
            try (Statement statement = connection.createStatement()) {
                for (String setting : SETTINGS) {
                    statement.execute(setting);
                }
            }
            String verdict = text(connection, "PRAGMA integrity_check(1)");
            if (!verdict.equals("ok")) {
                throw new IOException(Faults.damaged(file, verdict));
            }
            checkSchema(file, connection);
            return connection;
        } catch (SQLException | IOException e) {
            connection.close();
            throw e;
        }
    }

    private static void checkSchema(Path file, Connection connection) throws SQLException, IOException {
        int schema = Integer.parseInt(text(connection, "PRAGMA user_version"));
        if (schema > SCHEMA) {
            throw new IOException(file + " was written by a newer culvert (schema " + schema + ", this one knows "
                    + SCHEMA + "): run that one again, or update this one");
        }
        if (schema == 0 && !connection.isReadOnly()) {
            makeTables(connection);
        }
    }

    private static void makeTables(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN IMMEDIATE");
            // Another process may have been faster.
            if (text(connection, "PRAGMA user_version").equals("0")) {
                for (String step : TABLES) {
                    statement.execute(step);
                }
            }
            statement.execute("COMMIT");
        }
    }

    static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    /// As a URI, in which a question mark of the path is no beginning of options.
    private static String url(Path file) {
        return "jdbc:sqlite:" + file.toUri();
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
