package dev.culvert.dataplane.os;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.JdkAead;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/// Which ChaCha20-Poly1305 this machine uses: the system's libcrypto if it is there and passes a
/// self-test, else the JDK's. The property `culvert.aead` set to `jdk` forces the latter.
public final class AeadProvider {
    private static final List<String> LIBRARIES = List.of("libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib");
    private static final boolean LIBCRYPTO = !"jdk".equals(System.getProperty("culvert.aead")) && selfTest();

    // CRC-32C of the sealed texts of the self-test, as the JDK's cipher makes them (AeadProviderTest).
    private static final long SEALED = 0x25485ec0L;

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

    /// It must make the bytes that others make, read them, and refuse a forgery. The JDK's cipher is not asked: that
    /// would load half of its cryptography, which a node with libcrypto hardly needs.
    private static boolean selfTest() {
        try {
            return knownAnswers(LibcryptoAead::new);
        } catch (IllegalArgumentException | IllegalStateException | LinkageError e) {
            return false;
        }
    }

    /// Whether this cipher seals five known texts to the bytes whose sum is [#SEALED]; a fault is looked for, not a
    /// forger.
    static boolean knownAnswers(Aead.Factory factory) {
        Random random = new Random(8439);
        byte[] key = new byte[32];
        random.nextBytes(key);
        Aead aead = factory.create(key);
        CRC32C sum = new CRC32C();
        boolean good = true;
        for (int size : new int[] {0, 1, 16, 1420, 65_000}) {
            byte[] text = new byte[5 + size + 16];
            random.nextBytes(text);
            byte[] sealed = text.clone();
            long counter = random.nextLong();
            aead.seal(counter, sealed, 5, size);
            sum.update(sealed);
            byte[] forged = sealed.clone();
            forged[5] ^= 1;
            good &= !aead.open(counter, forged, 5, size + 16);
            good &= aead.open(counter, sealed, 5, size + 16);
            good &= Arrays.equals(Arrays.copyOf(sealed, 5 + size), Arrays.copyOf(text, 5 + size));
        }
        aead.destroy();
        return good && sum.getValue() == SEALED;
    }
}
