package dev.culvert.proto.wireguard;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A secret of 32 bytes that two peers share besides their keys; never printed unless asked by [#base64].
public final class PresharedKey {
    private final byte[] bytes;
    private boolean destroyed;

    /// Copies the 32 bytes.
    public PresharedKey(byte[] bytes) {
        this.bytes = KeyText.copy(bytes, "preshared key");
    }

    /// A fresh key; `random` must be cryptographically strong.
    public static PresharedKey generate(RandomGenerator random) {
        byte[] bytes = new byte[KeyText.KEY_BYTES];
        random.nextBytes(bytes);
        PresharedKey key = new PresharedKey(bytes);
        Arrays.fill(bytes, (byte) 0);
        return key;
    }

    /// Reads the base64 form, strictly.
    ///
    /// @throws IllegalArgumentException if the text is not 32 bytes in padded base64; it never quotes the text
    public static PresharedKey parse(String base64) {
        return new PresharedKey(KeyText.decode(base64, "preshared key"));
    }

    /// The secret in the form of `wg genpsk`, for the file that keeps it.
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
            throw new IllegalStateException("preshared key was destroyed");
        }
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PresharedKey that && MessageDigest.isEqual(bytes, that.bytes);
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
