package dev.culvert.proto.wireguard;

import java.security.interfaces.XECPrivateKey;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Our end of every handshake: the static key, and the source of ephemeral ones.
final class LocalStatic {
    final PublicKey publicKey;
    final X25519 curve = new X25519();
    final XECPrivateKey scalar;
    private final RandomGenerator random;

    LocalStatic(PrivateKey key, RandomGenerator random) {
        this.random = random;
        publicKey = key.publicKey();
        scalar = curve.scalar(key.raw());
    }

    RemoteStatic remote(PublicKey key) {
        var point = curve.point(key.raw(), 0);
        return new RemoteStatic(key, point, curve.agree(scalar, point));
    }

    XECPrivateKey ephemeral() {
        byte[] bytes = new byte[X25519.BYTES];
        random.nextBytes(bytes);
        XECPrivateKey ephemeral = curve.scalar(bytes);
        Arrays.fill(bytes, (byte) 0);
        return ephemeral;
    }
}
