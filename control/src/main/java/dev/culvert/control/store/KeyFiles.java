package dev.culvert.control.store;

import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;
import java.util.function.Supplier;

/// Keys in files, in the form of `wg genkey`, mode 0600. A file that others can read is refused: its key is no secret
/// any more.
public final class KeyFiles {
    private static final Set<PosixFilePermission> OTHERS = Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE);

    private KeyFiles() {}

    /// Reads the private key, or makes one where there is none.
    public static PrivateKey readOrCreate(Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return readPrivate(file);
        }
        PrivateKey key = PrivateKey.generate(new SecureRandom());
        create(file, key.base64() + "\n");
        return key;
    }

    /// Reads a secret of another kind, or makes one where there is none.
    ///
    /// @return without the white space around it
    public static String readOrCreate(Path file, Supplier<String> made) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            create(file, made.get());
        }
        return read(file);
    }

    /// Reads a secret that somebody else has made.
    ///
    /// @return without the white space around it
    /// @throws IOException if the file is not there, or readable by others
    public static String readSecret(Path file) throws IOException {
        try {
            return read(file);
        } catch (NoSuchFileException e) {
            throw new IOException(file + " is not there", e);
        }
    }

    /// Writes a secret that somebody has had elsewhere; a file that holds it already stays.
    ///
    /// @throws IOException if the file holds something else: nothing is overwritten
    public static void keep(Path file, String secret) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            create(file, secret + "\n");
        } else if (!read(file).equals(secret)) {
            throw new IOException(file + " holds another key already (move it away, or name another folder)");
        }
    }

    private static void create(Path file, String text) throws IOException {
        try (FileChannel out = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
            out.force(true);
        }
    }

    /// @throws IOException if the file is not there, readable by others, or holds no key
    public static PrivateKey readPrivate(Path file) throws IOException {
        try {
            return PrivateKey.parse(read(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " holds no private key (expected: base64 of 32 bytes)", e);
        }
    }

    public static PresharedKey readPreshared(Path file) throws IOException {
        try {
            return PresharedKey.parse(read(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " holds no preshared key (expected: base64 of 32 bytes)", e);
        }
    }

    private static String read(Path file) throws IOException {
        for (PosixFilePermission permission : Files.getPosixFilePermissions(file)) {
            if (OTHERS.contains(permission)) {
                throw new IOException(file + " can be read by others: chmod 600 " + file
                        + " (and make a new key if others had access)");
            }
        }
        return Files.readString(file, StandardCharsets.US_ASCII).strip();
    }
}
