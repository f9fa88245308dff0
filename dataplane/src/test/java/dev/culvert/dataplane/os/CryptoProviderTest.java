package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.DhKeyPair;
import dev.culvert.proto.wireguard.JdkCrypto;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class CryptoProviderTest {
    private static final JdkCrypto JDK = new JdkCrypto();

    @Test
    void knownAnswers_ofTheJdk_areThoseOfTheSelfTest() {
        assertThat(CryptoProvider.knownAnswers(JDK)).isTrue();
    }

    @Test
    void knownAnswers_ofACipherWithAnotherNonce_areOthers() {
        assertThat(CryptoProvider.knownAnswers(new Shifted(1, 0, 0))).isFalse();
        assertThat(CryptoProvider.knownAnswers(new Shifted(0, 1, 0))).isFalse();
    }

    @Test
    void knownAnswers_ofAnotherCurve_areOthers() {
        assertThat(CryptoProvider.knownAnswers(new Shifted(0, 0, 1))).isFalse();
    }

    /// Agrees with itself in all, and with nobody else.
    private record Shifted(int packets, int handshakes, int curve) implements CryptoFunctions {
        @Override
        public DhKeyPair keyPair(byte[] privateKey) {
            return new ShiftedPair(JDK.keyPair(privateKey), curve);
        }

        @Override
        public byte[] encrypt(byte[] key, long n, byte[] associated, byte[] plaintext) {
            return JDK.encrypt(key, n + handshakes, associated, plaintext);
        }

        @Override
        public byte @Nullable [] decrypt(byte[] key, long n, byte[] associated, byte[] ciphertext) {
            return JDK.decrypt(key, n + handshakes, associated, ciphertext);
        }

        @Override
        public Aead aead(byte[] key) {
            return new ShiftedAead(JDK.aead(key), packets);
        }
    }

    private record ShiftedPair(DhKeyPair pair, int curve) implements DhKeyPair {
        @Override
        public byte[] publicKey() {
            return pair.publicKey();
        }

        @Override
        public byte @Nullable [] dh(byte[] publicKey) {
            byte[] secret = pair.dh(publicKey);
            if (secret != null) {
                secret[0] ^= (byte) curve;
            }
            return secret;
        }

        @Override
        public void destroy() {
            pair.destroy();
        }
    }

    private record ShiftedAead(Aead aead, int by) implements Aead {
        @Override
        public void seal(long counter, byte[] buffer, int offset, int length) {
            aead.seal(counter + by, buffer, offset, length);
        }

        @Override
        public boolean open(long counter, byte[] buffer, int offset, int length) {
            return aead.open(counter + by, buffer, offset, length);
        }

        @Override
        public void destroy() {
            aead.destroy();
        }
    }
}
