package dev.culvert.proto.wireguard;

import java.util.Arrays;

/// The hash, MAC and key derivation functions of the protocol (paper §5.4): BLAKE2s, HMAC over it, HKDF over that.
///
/// Used by handshakes only, so each call may allocate.
final class Kdf {
    private Kdf() {}

    /// `HASH`: BLAKE2s-256 of the parts, one after the other.
    static byte[] hash(byte[]... parts) {
        Blake2s digest = new Blake2s().start(Blake2s.HASH_BYTES);
        for (byte[] part : parts) {
            digest.update(part);
        }
        return digest.finish();
    }

    /// `HMAC` (RFC 2104) with BLAKE2s-256; the key has at most 64 bytes.
    static byte[] hmac(byte[] key, byte[]... parts) {
        byte[] pad = new byte[Blake2s.BLOCK_BYTES];
        xor(pad, key, 0x36);
        Blake2s digest = new Blake2s().start(Blake2s.HASH_BYTES).update(pad);
        for (byte[] part : parts) {
            digest.update(part);
        }
        byte[] inner = digest.finish();
        xor(pad, key, 0x5c);
        byte[] outer =
                digest.start(Blake2s.HASH_BYTES).update(pad).update(inner).finish();
        Arrays.fill(pad, (byte) 0);
        return outer;
    }

    /// `KDF1` to `KDF3`: that many outputs of 32 bytes, from a chaining key and an input.
    static byte[][] derive(byte[] chainingKey, byte[] input, int outputs) {
        byte[] secret = hmac(chainingKey, input);
        byte[][] derived = new byte[outputs][];
        byte[] previous = new byte[0];
        for (int i = 0; i < outputs; i++) {
            previous = hmac(secret, previous, new byte[] {(byte) (i + 1)});
            derived[i] = previous;
        }
        Arrays.fill(secret, (byte) 0);
        return derived;
    }

    private static void xor(byte[] pad, byte[] key, int value) {
        Arrays.fill(pad, (byte) value);
        for (int i = 0; i < key.length; i++) {
            pad[i] ^= key[i];
        }
    }
}
