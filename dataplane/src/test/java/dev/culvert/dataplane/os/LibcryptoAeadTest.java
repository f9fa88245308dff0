package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culvert.proto.wireguard.JdkAead;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LibcryptoAeadTest {
    @Test
    void sealAndOpen_ofRandomPackets_agreeWithTheJdk() {
        assumeTrue(AeadProvider.name().equals("libcrypto"), "this system has no libcrypto");
        long seed = 4711;
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            byte[] key = new byte[32];
            random.nextBytes(key);
            LibcryptoAead ours = new LibcryptoAead(key);
            JdkAead theirs = new JdkAead(key);
            int size = random.nextInt(2000);
            int offset = random.nextInt(40);
            byte[] text = new byte[offset + size + 16 + random.nextInt(8)];
            random.nextBytes(text);
            byte[] sealed = text.clone();
            byte[] expected = text.clone();
            long counter = random.nextLong();

            ours.seal(counter, sealed, offset, size);
            theirs.seal(counter, expected, offset, size);
            assertThat(sealed).as("seed %d round %d", seed, round).isEqualTo(expected);
            byte[] forged = sealed.clone();
            forged[offset + random.nextInt(size + 16)] ^= (byte) (1 << random.nextInt(8));
            assertThat(ours.open(counter, forged, offset, size + 16)).isFalse();
            assertThat(ours.open(counter + 1, sealed.clone(), offset, size + 16))
                    .isFalse();
            assertThat(ours.open(counter, sealed, offset, size + 16)).isTrue();
            for (int i = 0; i < offset + size; i++) {
                assertThat(sealed[i]).isEqualTo(text[i]);
            }
            ours.destroy();
            ours.destroy();
            theirs.destroy();
        }
    }
}
