package dev.culvert.proto.wireguard;

import org.jspecify.annotations.Nullable;

/// The functions of a Noise protocol (Noise revision 34 §4.1, §4.2) for WireGuard's names `25519` and `ChaChaPoly`, and
/// the packet cipher that goes with them. Hashes are the same everywhere and no choice.
///
/// Stateless: any thread may call at any time. Keys are the callers', who overwrite them.
public interface CryptoFunctions {
    /// Bytes of a private key, a public key and a shared secret.
    int DH_BYTES = 32;

    /// The key pair that belongs to 32 random bytes, which X25519 clamps; copied, the caller overwrites them.
    DhKeyPair keyPair(byte[] privateKey);

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
}
