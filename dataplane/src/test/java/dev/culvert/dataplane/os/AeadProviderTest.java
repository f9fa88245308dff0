package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.JdkAead;
import org.junit.jupiter.api.Test;

class AeadProviderTest {
    @Test
    void knownAnswers_ofTheJdksCipher_areThoseOfTheSelfTest() {
        assertThat(AeadProvider.knownAnswers(JdkAead::new)).isTrue();
    }

    @Test
    void knownAnswers_ofACipherWithAnotherNonce_areOthers() {
        assertThat(AeadProvider.knownAnswers(key -> new Shifted(new JdkAead(key))))
                .isFalse();
    }

    private record Shifted(Aead aead) implements Aead {
        @Override
        public void seal(long counter, byte[] buffer, int offset, int length) {
            aead.seal(counter + 1, buffer, offset, length);
        }

        @Override
        public boolean open(long counter, byte[] buffer, int offset, int length) {
            return aead.open(counter + 1, buffer, offset, length);
        }

        @Override
        public void destroy() {
            aead.destroy();
        }
    }
}
