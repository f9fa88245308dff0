package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// ChaCha20-Poly1305 with associated data (RFC 8439) and its XChaCha20 form with a 24-byte nonce
/// (draft-irtf-cfrg-xchacha-03), as handshakes and cookies need them; packets use [Aead].
final class ChaCha20Poly1305 {
    static final int TAG_BYTES = 16;
    static final int NONCE_BYTES = 12;
    static final int XNONCE_BYTES = 24;

    private static final VarHandle LE32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LE64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private ChaCha20Poly1305() {}

    /// The ciphertext with its tag.
    static byte[] seal(byte[] key, byte[] nonce, byte[] plaintext, byte[] associated) {
        try {
            return cipher(Cipher.ENCRYPT_MODE, key, nonce, associated).doFinal(plaintext);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("ChaCha20-Poly1305 is part of every JDK", e);
        }
    }

    /// The plaintext, or null if the tag does not fit.
    static byte @Nullable [] open(byte[] key, byte[] nonce, byte[] sealed, byte[] associated) {
        try {
            return cipher(Cipher.DECRYPT_MODE, key, nonce, associated).doFinal(sealed);
        } catch (AEADBadTagException e) {
            return null;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("ChaCha20-Poly1305 is part of every JDK", e);
        }
    }

    /// Like [#seal], with a nonce of 24 bytes.
    static byte[] xseal(byte[] key, byte[] nonce, byte[] plaintext, byte[] associated) {
        byte[] subkey = hchacha20(key, nonce);
        byte[] sealed = seal(subkey, innerNonce(nonce), plaintext, associated);
        Arrays.fill(subkey, (byte) 0);
        return sealed;
    }

    /// Like [#open], with a nonce of 24 bytes.
    static byte @Nullable [] xopen(byte[] key, byte[] nonce, byte[] sealed, byte[] associated) {
        byte[] subkey = hchacha20(key, nonce);
        byte[] plaintext = open(subkey, innerNonce(nonce), sealed, associated);
        Arrays.fill(subkey, (byte) 0);
        return plaintext;
    }

    /// HChaCha20: a key from a key and the first 16 bytes of `nonce` (draft-irtf-cfrg-xchacha-03 §2.2).
    static byte[] hchacha20(byte[] key, byte[] nonce) {
        int[] x = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        for (int i = 0; i < 8; i++) {
            x[4 + i] = (int) LE32.get(key, 4 * i);
        }
        for (int i = 0; i < 4; i++) {
            x[12 + i] = (int) LE32.get(nonce, 4 * i);
        }
        for (int round = 0; round < 10; round++) {
            for (int i = 0; i < 4; i++) {
                quarterRound(x, i, 4 + i, 8 + i, 12 + i);
            }
            for (int i = 0; i < 4; i++) {
                quarterRound(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
            }
        }
        byte[] subkey = new byte[32];
        for (int i = 0; i < 4; i++) {
            LE32.set(subkey, 4 * i, x[i]);
            LE32.set(subkey, 16 + 4 * i, x[12 + i]);
        }
        Arrays.fill(x, 0);
        return subkey;
    }

    private static Cipher cipher(int mode, byte[] key, byte[] nonce, byte[] associated)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("ChaCha20-Poly1305");
        cipher.init(mode, new SecretKeySpec(key, "ChaCha20"), new IvParameterSpec(nonce));
        cipher.updateAAD(associated);
        return cipher;
    }

    /// Like [#xseal] for many messages under one key, with nonces that count up from a random one: what does not change
    /// from one to the next is computed once. Owned by one thread.
    static final class Sealer {
        private final Cipher cipher;
        private final SecretKeySpec subkey;
        private final byte[] nonce;
        private final byte[] inner = new byte[NONCE_BYTES];
        private long counter;

        /// @param nonce the first one; the last 8 bytes of it count
        Sealer(byte[] key, byte[] nonce) {
            this.nonce = nonce.clone();
            counter = (long) LE64.get(nonce, XNONCE_BYTES - Long.BYTES);
            byte[] secret = hchacha20(key, nonce);
            subkey = new SecretKeySpec(secret, "ChaCha20");
            Arrays.fill(secret, (byte) 0);
            try {
                cipher = Cipher.getInstance("ChaCha20-Poly1305");
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("ChaCha20-Poly1305 is part of every JDK", e);
            }
        }

        /// Writes the next nonce, and the ciphertext with its tag.
        void seal(byte[] plaintext, byte[] associated, byte[] out, int nonceAt, int sealedAt) {
            LE64.set(nonce, XNONCE_BYTES - Long.BYTES, counter);
            LE64.set(inner, NONCE_BYTES - Long.BYTES, counter);
            counter++;
            System.arraycopy(nonce, 0, out, nonceAt, XNONCE_BYTES);
            try {
                cipher.init(Cipher.ENCRYPT_MODE, subkey, new IvParameterSpec(inner));
                cipher.updateAAD(associated);
                cipher.doFinal(plaintext, 0, plaintext.length, out, sealedAt);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("ChaCha20-Poly1305 is part of every JDK", e);
            }
        }
    }

    /// Four zero bytes and a counter, as Noise has it (revision 34 §12.3).
    static byte[] nonce(long counter) {
        byte[] nonce = new byte[NONCE_BYTES];
        LE64.set(nonce, NONCE_BYTES - Long.BYTES, counter);
        return nonce;
    }

    private static byte[] innerNonce(byte[] nonce) {
        byte[] inner = new byte[NONCE_BYTES];
        System.arraycopy(nonce, 16, inner, 4, 8);
        return inner;
    }

    private static void quarterRound(int[] x, int a, int b, int c, int d) {
        x[a] += x[b];
        x[d] = Integer.rotateLeft(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = Integer.rotateLeft(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = Integer.rotateLeft(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = Integer.rotateLeft(x[b] ^ x[c], 7);
    }
}
