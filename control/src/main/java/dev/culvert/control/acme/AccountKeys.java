package dev.culvert.control.acme;

import dev.culvert.control.store.KeyFiles;
import dev.culvert.control.tls.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.util.HexFormat;

/// The key of this node's account at an authority, made at the first order: a file of its own in the state folder,
/// mode 0600, for each directory.
final class AccountKeys {
    private final Path file;

    AccountKeys(Path folder, URI directory) {
        file = folder.resolve("acme-" + id(directory) + ".key");
    }

    /// Tells directories apart in names of files and documents.
    static String id(URI directory) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(directory.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    KeyPair account() throws IOException {
        String text = KeyFiles.readOrCreate(file, () -> Pem.write(Pem.newKeyPair()));
        try {
            return Pem.keyPair(text);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(file + " holds no account key (remove it to begin a new account)", e);
        }
    }

    /// The key that an authority gave for binding this account to one of its own, as it is written: base64url.
    static String mac(Path file) throws IOException {
        String text = KeyFiles.readSecret(file);
        if (!text.matches("[A-Za-z0-9_-]+=*")) {
            throw new IOException(file + " holds no key (expected: base64url)");
        }
        return text;
    }
}
