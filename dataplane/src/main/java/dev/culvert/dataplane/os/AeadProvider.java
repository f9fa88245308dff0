package dev.culvert.dataplane.os;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.JdkAead;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Which ChaCha20-Poly1305 this machine uses: the system's libcrypto if it is there and agrees with the JDK's cipher in
/// a
/// self-test, else the JDK's. The property `culvert.aead` set to `jdk` forces the latter.
public final class AeadProvider {
    private static final List<String> LIBRARIES = List.of("libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib");
    private static final boolean LIBCRYPTO = !"jdk".equals(System.getProperty("culvert.aead")) && selfTest();

    private AeadProvider() {}

    /// `libcrypto` or `jdk`.
    public static String name() {
        return LIBCRYPTO ? "libcrypto" : "jdk";
    }

    public static Aead.Factory factory() {
        return LIBCRYPTO ? LibcryptoAead::new : JdkAead::new;
    }

    /// @throws IllegalArgumentException if the system has none
    static SymbolLookup library() {
        IllegalArgumentException last = new IllegalArgumentException("no libcrypto");
        for (String name : LIBRARIES) {
            try {
                return SymbolLookup.libraryLookup(name, Arena.global());
            } catch (IllegalArgumentException e) {
                last = e;
            }
        }
        throw last;
    }

    /// Both ciphers must make the same bytes, read each other's, and refuse a forgery.
    private static boolean selfTest() {
        try {
            Random random = new Random(8439);
            byte[] key = new byte[32];
            random.nextBytes(key);
            Aead ours = new LibcryptoAead(key);
            Aead theirs = new JdkAead(key);
            boolean good = true;
            for (int size : new int[] {0, 1, 16, 1420, 65_000}) {
                byte[] text = new byte[5 + size + 16];
                random.nextBytes(text);
                byte[] one = text.clone();
                byte[] two = text.clone();
                long counter = random.nextLong();
                ours.seal(counter, one, 5, size);
                theirs.seal(counter, two, 5, size);
                good &= Arrays.equals(one, two);
                one[5] ^= 1;
                good &= !ours.open(counter, one.clone(), 5, size + 16);
                good &= ours.open(counter, two, 5, size + 16);
                good &= Arrays.equals(Arrays.copyOf(two, 5 + size), Arrays.copyOf(text, 5 + size));
            }
            ours.destroy();
            theirs.destroy();
            return good;
        } catch (IllegalArgumentException | IllegalStateException | LinkageError e) {
            return false;
        }
    }
}
