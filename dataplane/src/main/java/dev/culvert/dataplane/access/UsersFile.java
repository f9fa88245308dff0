package dev.culvert.dataplane.access;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The users of one file at one time.
///
/// @param modified of the file, as it was read
/// @param users by name
record UsersFile(Path path, FileTime modified, Map<String, PasswordHash> users) {
    private static final long MAX_BYTES = 1 << 20;

    UsersFile {
        users = Map.copyOf(users);
    }

    /// Blocks.
    ///
    /// @throws IOException with the remedy; it repeats nothing of the file
    static UsersFile read(Path path) throws IOException {
        FileTime modified;
        List<String> lines;
        try {
            modified = Files.getLastModifiedTime(path);
            if (Files.size(path) > MAX_BYTES) {
                throw new IOException("it has more than " + MAX_BYTES + " bytes");
            }
            lines = Files.readAllLines(path, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new IOException("the users file " + path + " is not UTF-8", e);
        } catch (IOException e) {
            throw new IOException("the users file " + path + " cannot be read: " + e, e);
        }
        Map<String, PasswordHash> users = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                add(users, line, path + ":" + (i + 1) + ": ");
            }
        }
        if (users.isEmpty()) {
            throw new IOException("the users file " + path + " names nobody: htpasswd -B -c " + path + " NAME");
        }
        return new UsersFile(path, modified, users);
    }

    private static void add(Map<String, PasswordHash> users, String line, String place) throws IOException {
        int colon = line.indexOf(':');
        if (colon < 1) {
            throw new IOException(place + "no name and hash (expected: name:hash)");
        }
        PasswordHash hash = PasswordHash.parse(line.substring(colon + 1));
        if (hash == null) {
            throw new IOException(place + "a hash that is not used here (expected: bcrypt with a cost up to "
                    + PasswordHash.MOST_BCRYPT + " as htpasswd -B makes it, or argon2id)");
        }
        if (users.putIfAbsent(line.substring(0, colon), hash) != null) {
            throw new IOException(place + "a name that stands above already");
        }
    }

    /// Blocks as long as the hash takes, whether there is such a user or not: else the time would tell.
    boolean matches(String name, byte[] password) {
        @Nullable PasswordHash known = users.get(name);
        PasswordHash asked = known == null ? users.values().iterator().next() : known;
        return asked.matches(password) && known != null;
    }
}
