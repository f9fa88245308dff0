package dev.culvert.control.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.JDBC;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/// SQLite's machine code, kept beside the database.
///
/// Left to itself the driver unpacks it into the temporary folder at each start: that is often mounted `noexec`, and
/// each kill -9 leaves a megabyte there. The state folder is ours, so one copy stays in it. Where that cannot be
/// (full disk at the first start, `noexec`) the driver goes its own way. Who sets `org.sqlite.lib.path`, as a package
/// may, is not overruled.
final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final String PATH = "org.sqlite.lib.path";
    private static final String NAME = "org.sqlite.lib.name";

    private NativeLibrary() {}

    /// Loads it once for this process.
    ///
    /// @param folder exists
    /// @throws IOException with the remedy, if no place will do
    static synchronized void load(Path folder) throws IOException {
        if (System.getProperty(PATH) == null) {
            String name = SQLiteJDBCLoader.getVersion() + "-" + LibraryLoaderUtil.getNativeLibName();
            try {
                keep(folder.resolve(name));
                System.setProperty(PATH, folder.toString());
                System.setProperty(NAME, name);
            } catch (IOException e) {
                LOG.debug("no copy of SQLite's library in {}: {}", folder, e.getMessage());
            }
        }
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception e) {
            throw new IOException(
                    "SQLite's library can be loaded neither from " + folder + " nor from "
                            + System.getProperty("java.io.tmpdir")
                            + ": mount one of them without noexec, or name a folder in CULVERT_JAVA_OPTIONS:"
                            + " -Djava.io.tmpdir=FOLDER",
                    e);
        }
    }

    /// A copy of an earlier start is compared: a power cut may have left half of it.
    private static void keep(Path copy) throws IOException {
        String resource = LibraryLoaderUtil.getNativeLibResourcePath() + "/" + LibraryLoaderUtil.getNativeLibName();
        byte[] code;
        try (InputStream in = JDBC.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("the jar has none for this machine");
            }
            code = in.readAllBytes();
        }
        if (Files.exists(copy) && Arrays.equals(code, Files.readAllBytes(copy))) {
            return;
        }
        Path fresh = Files.createTempFile(copy.getParent(), "library", ".new");
        try {
            Files.write(fresh, code);
            Files.move(fresh, copy, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
