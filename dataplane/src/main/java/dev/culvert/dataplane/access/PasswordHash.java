package dev.culvert.dataplane.access;

import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.jspecify.annotations.Nullable;

/// What a users file keeps of a password. Its text is never printed.
sealed interface PasswordHash {
    /// Whether it was made of this password. Costs what its parameters say; takes the same time either way.
    boolean matches(byte[] password);

    /// What a users file may cost: somebody who may try passwords must not be able to hold the machine.
    int MOST_BCRYPT = 14;

    int MOST_MEMORY_KIB = 256 * 1024;
    int MOST_PASSES = 10;
    int MOST_LANES = 16;

    /// Reads `$2y$…` or `$argon2id$…`; null if it is neither, or costs too much.
    static @Nullable PasswordHash parse(String text) {
        return text.startsWith("$2") ? Bcrypt.read(text) : Argon2id.read(text);
    }

    record Bcrypt(String text) implements PasswordHash {
        private static final Pattern FORM = Pattern.compile("\\$2[aby]\\$([0-9]{2})\\$[./A-Za-z0-9]{53}");

        static @Nullable Bcrypt read(String text) {
            Matcher matcher = FORM.matcher(text);
            int cost = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
            return cost < 4 || cost > MOST_BCRYPT ? null : new Bcrypt(text);
        }

        @Override
        public boolean matches(byte[] password) {
            return OpenBSDBCrypt.checkPassword(text, password);
        }

        @Override
        public String toString() {
            return "***";
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Argon2id(int memoryKib, int passes, int lanes, byte[] salt, byte[] hash) implements PasswordHash {
        private static final Pattern FORM =
                Pattern.compile("\\$argon2id\\$v=19\\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})"
                        + "\\$([A-Za-z0-9+/]{11,64})\\$([A-Za-z0-9+/]{22,86})");

        static @Nullable Argon2id read(String text) {
            Matcher matcher = FORM.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            int memory = Integer.parseInt(matcher.group(1));
            int passes = Integer.parseInt(matcher.group(2));
            int lanes = Integer.parseInt(matcher.group(3));
            boolean bounded = lanes >= 1
                    && lanes <= MOST_LANES
                    && passes >= 1
                    && passes <= MOST_PASSES
                    && memory >= 8 * lanes
                    && memory <= MOST_MEMORY_KIB;
            try {
                return bounded
                        ? new Argon2id(
                                memory,
                                passes,
                                lanes,
                                Base64.getDecoder().decode(matcher.group(4)),
                                Base64.getDecoder().decode(matcher.group(5)))
                        : null;
            } catch (IllegalArgumentException notBase64) {
                return null;
            }
        }

        @Override
        public boolean matches(byte[] password) {
            Argon2BytesGenerator generator = new Argon2BytesGenerator();
            generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                    .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                    .withMemoryAsKB(memoryKib)
                    .withIterations(passes)
                    .withParallelism(lanes)
                    .withSalt(salt)
                    .build());
            byte[] made = new byte[hash.length];
            generator.generateBytes(password, made);
            return MessageDigest.isEqual(made, hash);
        }

        @Override
        public String toString() {
            return "***";
        }
    }
}
