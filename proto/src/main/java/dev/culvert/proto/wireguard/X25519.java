package dev.culvert.proto.wireguard;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.interfaces.XECPrivateKey;
import java.security.interfaces.XECPublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import javax.crypto.KeyAgreement;
import org.jspecify.annotations.Nullable;

/// X25519 (RFC 7748) through the JDK: scalars and points as its key objects, and the agreement between them.
///
/// Making a key object costs a visit to the `KeyFactory`, so keys that live longer than one message are kept as
/// objects. Not thread-safe: it reuses one `KeyAgreement`.
final class X25519 {
    static final int BYTES = 32;

    private static final BigInteger BASE_POINT = BigInteger.valueOf(9);

    private final KeyFactory keys;
    private final KeyAgreement agreement;
    private final XECPublicKey basePoint;

    X25519() {
        try {
            keys = KeyFactory.getInstance("X25519");
            agreement = KeyAgreement.getInstance("X25519");
            basePoint = point(BASE_POINT);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("X25519 is part of every JDK", e);
        }
    }

    /// The 32 bytes as a scalar; clamping (RFC 7748 §5) happens when it is used.
    XECPrivateKey scalar(byte[] bytes) {
        try {
            return (XECPrivateKey) keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("32 bytes are always a scalar", e);
        }
    }

    /// The 32 bytes at `offset` as a u-coordinate; the top bit is ignored (RFC 7748 §5).
    XECPublicKey point(byte[] bytes, int offset) {
        byte[] bigEndian = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bigEndian[i] = bytes[offset + BYTES - 1 - i];
        }
        bigEndian[0] &= 0x7f;
        try {
            return point(new BigInteger(1, bigEndian));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("255 bits are always a u-coordinate", e);
        }
    }

    /// The public key of a scalar: the agreement with the base point.
    byte[] publicKey(XECPrivateKey scalar) {
        byte[] bytes = agree(scalar, basePoint);
        if (bytes == null) {
            throw new IllegalStateException("a clamped scalar never maps the base point to zero");
        }
        return bytes;
    }

    /// The shared secret, or null if it is all zeros, as with a point of low order (RFC 7748 §6.1).
    byte @Nullable [] agree(XECPrivateKey scalar, XECPublicKey point) {
        try {
            agreement.init(scalar);
            agreement.doPhase(point, true);
            byte[] secret = agreement.generateSecret();
            return isZero(secret) ? null : secret;
        } catch (InvalidKeyException e) {
            // How the JDK reports an all-zero result.
            return null;
        }
    }

    private XECPublicKey point(BigInteger u) throws GeneralSecurityException {
        return (XECPublicKey) keys.generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, u));
    }

    private static boolean isZero(byte[] secret) {
        int bits = 0;
        for (byte b : secret) {
            bits |= b;
        }
        return bits == 0;
    }
}
