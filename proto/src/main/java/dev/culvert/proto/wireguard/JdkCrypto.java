package dev.culvert.proto.wireguard;

import org.jspecify.annotations.Nullable;

/// The JDK's own X25519 and ChaCha20-Poly1305: there on every machine.
public final class JdkCrypto implements CryptoFunctions {
    /// Of no state.
    public JdkCrypto() {}

    @Override
    public DhKeyPair keyPair(byte[] privateKey) {
        return new X25519(privateKey);
    }

    @Override
    public byte[] encrypt(byte[] key, long n, byte[] associated, byte[] plaintext) {
        return ChaCha20Poly1305.seal(key, ChaCha20Poly1305.nonce(n), plaintext, associated);
    }

    @Override
    public byte @Nullable [] decrypt(byte[] key, long n, byte[] associated, byte[] ciphertext) {
        return ChaCha20Poly1305.open(key, ChaCha20Poly1305.nonce(n), ciphertext, associated);
    }

    @Override
    public Aead aead(byte[] key) {
        return new JdkAead(key);
    }
}
