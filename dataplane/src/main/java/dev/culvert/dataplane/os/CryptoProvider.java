package dev.culvert.dataplane.os;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.DhKeyPair;
import dev.culvert.proto.wireguard.JdkCrypto;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/// Whose X25519 and ChaCha20-Poly1305 this machine uses: those of the system's libcrypto if it is there and passes a
/// self-test, else the JDK's. The property `culvert.crypto` set to `jdk` forces the latter.
public final class CryptoProvider {
    private static final List<String> LIBRARIES = List.of("libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib");

    // CRC-32C of what the self-test makes, as the JDK makes it (CryptoProviderTest).
    private static final long ANSWERS = 0x12e6090fL;

    private static final CryptoFunctions FUNCTIONS = choose();

    private CryptoProvider() {}

    /// `libcrypto` or `jdk`.
    public static String name() {
        return FUNCTIONS instanceof LibcryptoFunctions ? "libcrypto" : "jdk";
    }

    public static CryptoFunctions functions() {
        return FUNCTIONS;
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

    private static CryptoFunctions choose() {
        if (!"jdk".equals(System.getProperty("culvert.crypto"))) {
            try {
                CryptoFunctions libcrypto = new LibcryptoFunctions();
                if (knownAnswers(libcrypto)) {
                    return libcrypto;
                }
            } catch (IllegalArgumentException | IllegalStateException | LinkageError e) {
                // There is none, or an older one without these functions.
                return new JdkCrypto();
            }
        }
        return new JdkCrypto();
    }

    /// Whether these functions make the bytes that others make, read them, and refuse a forgery: the
    /// sum of all of it is [#ANSWERS]. A fault is looked for, not a forger. The JDK's cipher is not asked: that
    /// would load half of its cryptography, which a node with libcrypto hardly needs.
    static boolean knownAnswers(CryptoFunctions functions) {
        Random random = new Random(8439);
        byte[] key = new byte[32];
        random.nextBytes(key);
        Aead aead = functions.aead(key);
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
        return good && handshake(functions, key, random, sum) && sum.getValue() == ANSWERS;
    }

    /// The same for what handshakes need: a secret that is shared, none with a point of low order, a sealed key.
    private static boolean handshake(CryptoFunctions functions, byte[] key, Random random, CRC32C sum) {
        byte[] other = new byte[32];
        random.nextBytes(other);
        DhKeyPair ours = functions.keyPair(key);
        DhKeyPair theirs = functions.keyPair(other);
        byte[] secret = ours.dh(theirs.publicKey());
        boolean agreed = secret != null
                && Arrays.equals(secret, theirs.dh(ours.publicKey()))
                && ours.dh(new byte[32]) == null
                && Arrays.equals(secret, ours.dh(theirs.publicKey()));
        ours.destroy();
        theirs.destroy();
        if (secret == null || !agreed) {
            return false;
        }
        byte[] sealed = functions.encrypt(secret, 1, key, other);
        sum.update(secret);
        sum.update(sealed);
        byte[] forged = sealed.clone();
        forged[0] ^= 1;
        return functions.decrypt(secret, 1, key, forged) == null
                && Arrays.equals(functions.decrypt(secret, 1, key, sealed), other);
    }
}
