package dev.culvert.proto.wireguard;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import javax.crypto.KeyAgreement;
import org.jspecify.annotations.Nullable;

/// X25519 (RFC 7748 §5) through the JDK, whose own copies of a key nobody can overwrite.
final class X25519 implements DhKeyPair {
    private static final int BYTES = CryptoFunctions.DH_BYTES;
    private static final byte[] BASE_POINT = basePoint();

    private final KeyFactory keys;
    private @Nullable KeyAgreement agreement;
    private byte @Nullable [] publicKey;

    X25519(byte[] scalar) {
        try {
            keys = KeyFactory.getInstance("X25519");
            KeyAgreement fresh = KeyAgreement.getInstance("X25519");
            fresh.init(keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, scalar)));
            agreement = fresh;
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    @Override
    public byte[] publicKey() {
        byte[] known = publicKey;
        if (known == null) {
            known = dh(BASE_POINT);
            if (known == null) {
                throw new IllegalStateException("a clamped scalar never maps the base point to zero");
            }
            publicKey = known;
        }
        return known.clone();
    }

    @Override
    public byte @Nullable [] dh(byte[] point) {
        KeyAgreement current = agreement;
        if (current == null) {
            throw new IllegalStateException("key pair was destroyed");
        }
        try {
            current.doPhase(
                    keys.generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, coordinate(point))), true);
            byte[] secret = current.generateSecret();
            return isZero(secret) ? null : secret;
        } catch (InvalidKeyException e) {
            // How the JDK reports an all-zero result.
            return null;
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    @Override
    public void destroy() {
        agreement = null;
    }

    private static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("X25519 is part of every JDK, and any 32 bytes are its keys", e);
    }

    private static byte[] basePoint() {
        byte[] point = new byte[BYTES];
        point[0] = 9;
        return point;
    }

    /// The 32 bytes as a u-coordinate; the top bit is ignored (RFC 7748 §5).
    private static BigInteger coordinate(byte[] bytes) {
        byte[] bigEndian = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bigEndian[i] = bytes[BYTES - 1 - i];
        }
        bigEndian[0] &= 0x7f;
        return new BigInteger(1, bigEndian);
    }

    private static boolean isZero(byte[] secret) {
        int bits = 0;
        for (byte b : secret) {
            bits |= b;
        }
        return bits == 0;
    }
}
