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

/// X25519 (RFC 7748 §5) through the JDK.
final class X25519 {
    private static final int BYTES = CryptoFunctions.DH_BYTES;

    private X25519() {}

    /// The shared secret, or null if it is all zeros, as with a point of low order (RFC 7748 §6.1).
    static byte @Nullable [] agree(byte[] scalar, byte[] point) {
        try {
            KeyFactory keys = KeyFactory.getInstance("X25519");
            KeyAgreement agreement = KeyAgreement.getInstance("X25519");
            agreement.init(keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, scalar)));
            agreement.doPhase(
                    keys.generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, coordinate(point))), true);
            byte[] secret = agreement.generateSecret();
            return isZero(secret) ? null : secret;
        } catch (InvalidKeyException e) {
            // How the JDK reports an all-zero result.
            return null;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("X25519 is part of every JDK, and any 32 bytes are its keys", e);
        }
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
