package dev.culvert.proto.wireguard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A Curve25519 public key of 32 bytes: who a peer is. A value; `toString` is its base64 form.
public final class PublicKey {
    private final byte[] bytes;

    /// Copies the 32 bytes.
    public PublicKey(byte[] bytes) {
        this.bytes = KeyText.copy(bytes, "public key");
    }

    /// Reads the base64 form, strictly.
    ///
    /// @throws IllegalArgumentException if the text is not 32 bytes in padded base64
    public static PublicKey parse(String base64) {
        return new PublicKey(KeyText.decode(base64, "public key"));
    }

    /// A copy of the 32 bytes.
    public byte[] bytes() {
        return bytes.clone();
    }

    /// The 44 characters that `wg` shows.
    public String base64() {
        return KeyText.encode(bytes);
    }

    /// The bytes themselves, for readers of this package.
    byte[] raw() {
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PublicKey that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return base64();
    }
}
