package dev.culvert.control.store;

import dev.culvert.control.store.Store.Document;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The folder in which a node keeps its state: keys, documents, the admin socket. One node at a time.
///
/// Made with mode 0700. An installed service's has 0750: its group passes to the admin socket, and to nothing else, for
/// every other file is 0600.
public final class StateFolder implements AutoCloseable {
    /// Where an installed service keeps its state.
    public static final Path INSTALLED = Path.of("/var/lib/culvert");

    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final Path path;
    private @Nullable FileChannel lockFile;
    private @Nullable SqliteStore store;

    /// Takes the folder, made if it is not there.
    public StateFolder(Path path) throws IOException {
        this.path = path.toAbsolutePath();
        create(this.path);
    }

    /// Where state goes unless told otherwise: `$CULVERT_STATE`, else the installed service's for whoever may enter it,
    /// else `$XDG_STATE_HOME/culvert`, else `installed` for root and `~/.local/state/culvert` for others.
    ///
    /// @param installed where an installed service keeps its state, whether or not there is one
    public static Path standard(Map<String, String> environment, Path installed, String userName, String home) {
        String own = environment.get("CULVERT_STATE");
        if (own != null && !own.isEmpty()) {
            return Path.of(own);
        }
        if (Files.isDirectory(installed) && Files.isExecutable(installed)) {
            return installed;
        }
        String xdg = environment.get("XDG_STATE_HOME");
        if (xdg != null && !xdg.isEmpty()) {
            return Path.of(xdg, "culvert");
        }
        return userName.equals("root") ? installed : Path.of(home, ".local", "state", "culvert");
    }

    public Path path() {
        return path;
    }

    public Path adminSocket() {
        return path.resolve("admin.sock");
    }

    /// Where a process that shall take this folder over talks with the one that has it.
    public Path handoverSocket() {
        return path.resolve("handover.sock");
    }

    public Path privateKey() {
        return path.resolve("private.key");
    }

    /// The store of this folder, opened by the first call and closed with this.
    ///
    /// @throws IOException with the remedy, if it is damaged, or not to be had
    public synchronized Store store() throws IOException {
        SqliteStore open = store;
        if (open == null) {
            open = new SqliteStore(database());
            try {
                upgrade(open);
            } catch (IOException e) {
                open.close();
                throw e;
            }
            store = open;
        }
        return open;
    }

    /// The documents of a kind, for who only looks, beside a running node or without one: nothing is made, moved or
    /// locked.
    public List<Document> peek(String kind) throws IOException {
        DocumentFiles old = oldFiles();
        if (old.exist()) {
            return old.list(kind);
        }
        if (!Files.isReadable(SqliteStore.file(database()))) {
            return List.of();
        }
        try (SqliteStore look = SqliteStore.readOnly(database())) {
            return look.list(kind);
        }
    }

    /// Takes the documents of a version before SQLite over, once. After a crash in between it begins again: what is in
    /// the database already stays. A node of that version would not notice, so none may be running.
    private void upgrade(SqliteStore fresh) throws IOException {
        DocumentFiles old = oldFiles();
        if (!old.exist()) {
            return;
        }
        boolean locked = lockFile != null;
        if (!locked) {
            lock();
        }
        try {
            List<Document> documents = old.all();
            fresh.adopt(documents);
            LOG.info(
                    "{} documents of an earlier version are in {} now; the old files stay in {}",
                    documents.size(),
                    database(),
                    old.retire());
        } finally {
            if (!locked) {
                unlock();
            }
        }
    }

    private Path database() {
        return path.resolve("db");
    }

    private DocumentFiles oldFiles() {
        return new DocumentFiles(path.resolve("store"));
    }

    /// Lets the folder's group use the admin socket; whoever may not enter the folder is not let in by this.
    public void shareAdminSocket() throws IOException {
        Files.setPosixFilePermissions(adminSocket(), PosixFilePermissions.fromString("rw-rw----"));
    }

    /// Whether `user` is root and the folder another user's: what root writes there, that user could not read.
    public boolean belongsToAnotherThanRoot(String user) throws IOException {
        return user.equals("root") && !owner().equals(user);
    }

    /// The name of the user whose folder this is.
    public String owner() throws IOException {
        return Files.getOwner(path).getName();
    }

    /// Keeps other nodes out until this is closed or the process ends.
    ///
    /// @throws IOException if another node runs with this folder, or it is another user's
    public void lock() throws IOException {
        if (belongsToAnotherThanRoot(System.getProperty("user.name"))) {
            throw notOurs();
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (AccessDeniedException e) {
            throw notOurs();
        }
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // The same process holds it: the same answer as for another one.
        }
        if (lock == null) {
            channel.close();
            throw new IOException("another culvert already runs with the state in " + path
                    + " (stop it, or choose another folder with --state)");
        }
        lockFile = channel;
    }

    private IOException notOurs() throws IOException {
        return new IOException("the state in " + path + " belongs to the user " + owner()
                + ": start the installed service (sudo systemctl start culvert), or choose another folder with"
                + " --state");
    }

    /// Lets another node have this folder; its store stays open here, as for somebody who only looks.
    public void unlock() throws IOException {
        FileChannel held = lockFile;
        lockFile = null;
        if (held != null) {
            held.close();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        SqliteStore open = store;
        if (open != null) {
            open.close();
        }
        unlock();
    }

    static void create(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }
}
