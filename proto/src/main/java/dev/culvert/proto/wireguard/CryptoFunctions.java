package dev.culvert.proto.wireguard;

import org.jspecify.annotations.Nullable;

/// The functions of a Noise protocol (Noise revision 34 §4.1, §4.2) for WireGuard's names `25519` and `ChaChaPoly`, and
/// the packet cipher that goes with them. Hashes are the same everywhere and no choice.
///
/// Stateless: any thread may call at any time. Keys are the callers', who overwrite them.
public interface CryptoFunctions {
    /// Bytes of a private key, a public key and a shared secret.
    int DH_BYTES = 32;

    /// `DH(private, public)`: X25519 (RFC 7748 §5), which clamps the first and ignores the top bit of the second.
    ///
    /// @return null if all bits of the result are zero, as with a public key of low order (RFC 7748 §6.1)
    byte @Nullable [] dh(byte[] privateKey, byte[] publicKey);

    /// `ENCRYPT(key, n, ad, plaintext)`: the ciphertext with its tag. The nonce is four zero bytes and `n`,
    /// little-endian.
    byte[] encrypt(byte[] key, long n, byte[] associated, byte[] plaintext);

    /// `DECRYPT(key, n, ad, ciphertext)`.
    ///
    /// @return null if the tag does not fit
    byte @Nullable [] decrypt(byte[] key, long n, byte[] associated, byte[] ciphertext);

    /// The cipher of one direction of a session.
    ///
    /// @param key 32 bytes; copied if needed, the caller overwrites them
    Aead aead(byte[] key);

    /// The public key of a private one: `DH` with the base point.
    default byte[] publicKey(byte[] privateKey) {
        byte[] base = new byte[DH_BYTES];
        base[0] = 9;
        byte[] key = dh(privateKey, base);
        if (key == null) {
            throw new IllegalStateException("a clamped scalar never maps the base point to zero");
        }
        return key;
    }
}
