package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culvert.proto.wireguard.JdkAead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LibcryptoAeadTest {
    @Test
    void sealAndOpen_ofRandomPackets_agreeWithTheJdk() {
        assumeTrue(CryptoProvider.name().equals("libcrypto"), "this system has no libcrypto");
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

    /// Wycheproof's cases have nonces that no transport message has. With their keys and
    /// texts, and the counter of their nonce, both providers must still say the same.
    @Test
    void seal_ofWycheproofsKeysAndTexts_agreesWithTheJdk() throws IOException {
        assumeTrue(CryptoProvider.name().equals("libcrypto"), "this system has no libcrypto");
        String folder = System.getProperty("wycheproof.rows", "../proto/src/test/resources/wycheproof");
        for (String line : Files.readAllLines(Path.of(folder, "chacha20_poly1305.txt"))) {
            String[] row = line.split(" ", -1);
            if (line.startsWith("#") || row[3].length() != 24) {
                continue;
            }
            byte[] key = HexFormat.of().parseHex(row[2]);
            long counter = ByteBuffer.wrap(HexFormat.of().parseHex(row[3]), 4, 8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
            byte[] text = row[5].equals("-") ? new byte[0] : HexFormat.of().parseHex(row[5]);
            byte[] ours = Arrays.copyOf(text, text.length + 16);
            byte[] theirs = ours.clone();
            LibcryptoAead libcrypto = new LibcryptoAead(key);
            libcrypto.seal(counter, ours, 0, text.length);
            new JdkAead(key).seal(counter, theirs, 0, text.length);

            assertThat(ours).as("case %s", row[0]).isEqualTo(theirs);
            assertThat(libcrypto.open(counter, ours, 0, ours.length)).isTrue();
            assertThat(Arrays.copyOf(ours, text.length)).isEqualTo(text);
            libcrypto.destroy();
        }
    }
}
