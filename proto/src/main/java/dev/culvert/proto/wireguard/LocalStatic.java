package dev.culvert.proto.wireguard;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Our end of every handshake: the static key, the source of ephemeral ones, and what they are agreed with.
final class LocalStatic {
    final PublicKey publicKey;
    final CryptoFunctions crypto;
    final byte[] scalar;
    private final RandomGenerator random;

    LocalStatic(PrivateKey key, CryptoFunctions crypto, RandomGenerator random) {
        this.random = random;
        this.crypto = crypto;
        scalar = key.copy();
        publicKey = key.publicKey(crypto);
    }

    RemoteStatic remote(PublicKey key) {
        return new RemoteStatic(key, crypto.dh(scalar, key.raw()));
    }

    byte[] ephemeral() {
        byte[] bytes = new byte[CryptoFunctions.DH_BYTES];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Overwrites the copy of the key.
    void destroy() {
        Arrays.fill(scalar, (byte) 0);
    }
}
