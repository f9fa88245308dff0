package dev.culvert.control.upgrade;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// What a node may start in its own place: a file that nobody can have changed but root and the node's own user. Else
/// whoever may speak to the admin socket, and somebody who may write to a folder, would together be the node.
final class TrustedProgram {
    // S_ISVTX of inode(7): in such a folder only the owner of a file may replace it.
    private static final int STICKY = 01000;

    private TrustedProgram() {}

    /// The file itself, all links followed.
    ///
    /// @param user the number of the node's user
    /// @throws IOException that says what is wrong with it
    static Path require(String text, int user) throws IOException {
        Path named = Path.of(text);
        if (!named.isAbsolute()) {
            throw new IOException(text + " is no absolute path");
        }
        Path program;
        try {
            program = named.toRealPath();
        } catch (IOException e) {
            throw new IOException("no program " + text + " that this node can see", e);
        }
        if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
            throw new IOException(program + " is no program that this node's user may run");
        }
        for (Path path = program; path != null; path = path.getParent()) {
            requireOwned(path, user);
        }
        return program;
    }

    private static void requireOwned(Path path, int user) throws IOException {
        int owner = (Integer) Files.getAttribute(path, "unix:uid");
        int mode = (Integer) Files.getAttribute(path, "unix:mode");
        Set<PosixFilePermission> permissions =
                Files.readAttributes(path, PosixFileAttributes.class).permissions();
        boolean othersWrite = permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE);
        boolean sticky = Files.isDirectory(path) && (mode & STICKY) != 0;
        if ((owner != 0 && owner != user) || (othersWrite && !sticky)) {
            throw new IOException(path + " can be changed by others than root and this node's user: a node starts no"
                    + " such program (chown root, chmod go-w)");
        }
    }
}
