package dev.culvert.model;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// A WireGuard public key: 32 bytes of Curve25519, kept in the base64 form that `wg` prints.
///
/// @param base64 44 characters, canonical
public record PublicKey(String base64) {
    public PublicKey {
        if (decode(base64) == null) {
            throw new IllegalArgumentException("public key (expected: base64 of 32 bytes)");
        }
    }

    /// The key in `text`, or null if that is not canonical base64 of 32 bytes or is the all-zero point.
    public static @Nullable PublicKey parse(String text) {
        return decode(text) == null ? null : new PublicKey(text);
    }

    public static PublicKey of(byte[] bytes) {
        return new PublicKey(Base64.getEncoder().encodeToString(bytes));
    }

    /// A fresh copy of the 32 bytes.
    public byte[] bytes() {
        return Base64.getDecoder().decode(base64);
    }

    @Override
    public String toString() {
        return base64;
    }

    private static byte @Nullable [] decode(String text) {
        if (text.length() != 44) {
            return null;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            boolean zero = true;
            for (byte b : bytes) {
                zero &= b == 0;
            }
            // The last character carries two spare bits; only the form with zeros there may be compared as text.
            boolean canonical = Base64.getEncoder().encodeToString(bytes).equals(text);
            return bytes.length == 32 && canonical && !zero ? bytes : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
