package dev.culvert.proto.wireguard;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A Curve25519 private key of 32 bytes; never printed unless asked by [#base64].
public final class PrivateKey {
    private final byte[] bytes;
    private @Nullable PublicKey publicKey;
    private boolean destroyed;

    /// Copies the 32 bytes.
    public PrivateKey(byte[] bytes) {
        this.bytes = KeyText.copy(bytes, "private key");
    }

    /// A fresh key, clamped as RFC 7748 §5 says; `random` must be cryptographically strong.
    public static PrivateKey generate(RandomGenerator random) {
        byte[] bytes = new byte[KeyText.KEY_BYTES];
        random.nextBytes(bytes);
        bytes[0] &= (byte) 0xf8;
        bytes[31] = (byte) ((bytes[31] & 0x7f) | 0x40);
        PrivateKey key = new PrivateKey(bytes);
        Arrays.fill(bytes, (byte) 0);
        return key;
    }

    /// Reads the base64 form, strictly.
    ///
    /// @throws IllegalArgumentException if the text is not 32 bytes in padded base64; it never quotes the text
    public static PrivateKey parse(String base64) {
        return new PrivateKey(KeyText.decode(base64, "private key"));
    }

    /// The public key that belongs to it; computed once, by the JDK if by nobody else before.
    public PublicKey publicKey() {
        PublicKey known = publicKey;
        if (known == null) {
            known = publicKey(new JdkCrypto());
        }
        return known;
    }

    /// The same, computed by these functions if it is not known yet.
    public PublicKey publicKey(CryptoFunctions crypto) {
        PublicKey known = publicKey;
        if (known == null) {
            DhKeyPair pair = crypto.keyPair(raw());
            known = new PublicKey(pair.publicKey());
            pair.destroy();
            publicKey = known;
        }
        return known;
    }

    /// The secret in the form of `wg genkey`, for the file that keeps it.
    public String base64() {
        return KeyText.encode(raw());
    }

    /// A copy of the 32 bytes, for whoever hands them to the kernel and then overwrites them.
    public byte[] copy() {
        return raw().clone();
    }

    /// Overwrites the bytes; the key cannot be used any more.
    public void destroy() {
        Arrays.fill(bytes, (byte) 0);
        destroyed = true;
    }

    /// The bytes themselves, for readers of this package.
    byte[] raw() {
        if (destroyed) {
            throw new IllegalStateException("private key was destroyed");
        }
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PrivateKey that && MessageDigest.isEqual(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "***";
    }
}
