package dev.culvert.proto.wireguard;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/// The one spelling of a 32-byte key: 44 characters of base64, padded, without stray bits.
final class KeyText {
    static final int KEY_BYTES = 32;

    private static final int LENGTH = 44;

    private KeyText() {}

    /// The 32 bytes.
    ///
    /// @throws IllegalArgumentException without a word of `text`, which may be a secret
    static byte[] decode(String text, String what) {
        byte[] ascii = text.getBytes(StandardCharsets.ISO_8859_1);
        if (text.length() == LENGTH) {
            try {
                byte[] key = Base64.getDecoder().decode(ascii);
                // The decoder forgives missing padding and stray bits; `wg` does not.
                if (key.length == KEY_BYTES && Arrays.equals(Base64.getEncoder().encode(key), ascii)) {
                    return key;
                }
            } catch (IllegalArgumentException _) {
                // Its message would quote the text.
            }
        }
        throw new IllegalArgumentException(what + " (expected: 44 characters of base64, ending in =)");
    }

    static String encode(byte[] key) {
        return Base64.getEncoder().encodeToString(key);
    }

    static byte[] copy(byte[] key, String what) {
        if (key.length != KEY_BYTES) {
            throw new IllegalArgumentException(what + ": " + key.length + " bytes (expected: 32)");
        }
        return key.clone();
    }
}
