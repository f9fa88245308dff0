package dev.culvert.control.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The folder in which a node keeps its state: keys, documents, the admin socket. Mode 0700; one node at a time.
public final class StateFolder implements AutoCloseable {
    private final Path path;
    private @Nullable FileChannel lockFile;

    /// Takes the folder, made if it is not there.
    public StateFolder(Path path) throws IOException {
        this.path = path.toAbsolutePath();
        create(this.path);
    }

    /// Where state goes unless told otherwise: `$CULVERT_STATE`, else `$XDG_STATE_HOME/culvert`, else
    /// `/var/lib/culvert`
    /// for root and `~/.local/state/culvert` for others.
    public static Path standard(Map<String, String> environment, String userName, String home) {
        String own = environment.get("CULVERT_STATE");
        if (own != null && !own.isEmpty()) {
            return Path.of(own);
        }
        String xdg = environment.get("XDG_STATE_HOME");
        if (xdg != null && !xdg.isEmpty()) {
            return Path.of(xdg, "culvert");
        }
        return userName.equals("root") ? Path.of("/var/lib/culvert") : Path.of(home, ".local", "state", "culvert");
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

    public FileStore store() throws IOException {
        return new FileStore(path.resolve("store"));
    }

    /// Keeps other nodes out until this is closed or the process ends.
    ///
    /// @throws IOException if another node runs with this folder
    public void lock() throws IOException {
        FileChannel channel =
                FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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

    @Override
    public void close() throws IOException {
        FileChannel held = lockFile;
        if (held != null) {
            held.close();
            lockFile = null;
        }
    }

    static void create(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }
}
