package dev.culvert.proto.wireguard;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Our end of every handshake: the static key, the source of ephemeral ones, and what they are agreed with.
final class LocalStatic {
    final PublicKey publicKey;
    final CryptoFunctions crypto;
    final DhKeyPair keyPair;
    private final RandomGenerator random;

    LocalStatic(PrivateKey key, CryptoFunctions crypto, RandomGenerator random) {
        this.random = random;
        this.crypto = crypto;
        keyPair = crypto.keyPair(key.raw());
        publicKey = new PublicKey(keyPair.publicKey());
    }

    RemoteStatic remote(PublicKey key) {
        return new RemoteStatic(key, keyPair.dh(key.raw()));
    }

    DhKeyPair ephemeral() {
        byte[] bytes = new byte[CryptoFunctions.DH_BYTES];
        random.nextBytes(bytes);
        DhKeyPair ephemeral = crypto.keyPair(bytes);
        Arrays.fill(bytes, (byte) 0);
        return ephemeral;
    }

    /// Overwrites the copy of the key.
    void destroy() {
        keyPair.destroy();
    }
}
