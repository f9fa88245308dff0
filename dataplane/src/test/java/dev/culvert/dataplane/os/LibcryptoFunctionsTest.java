package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.DhKeyPair;
import dev.culvert.proto.wireguard.JdkCrypto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Wycheproof's cases: two of each kind, or all with `-Dwycheproof.rows=FOLDER`, as `WycheproofTest` has them for the
/// JDK.
final class LibcryptoFunctionsTest {
    private static final String ROWS = System.getProperty("wycheproof.rows", "../proto/src/test/resources/wycheproof");

    private final CryptoFunctions libcrypto = CryptoProvider.functions();

    @BeforeEach
    void needsLibcrypto() {
        assumeTrue(CryptoProvider.name().equals("libcrypto"), "this system has no libcrypto");
    }

    @Test
    void dh_everyCase_agreesOrIsRefusedAsZero() throws IOException {
        int cases = 0;
        for (String[] row : rows("x25519.txt")) {
            byte[] expected = bytes(row[4]);
            DhKeyPair pair = libcrypto.keyPair(bytes(row[3]));
            byte[] shared = pair.dh(bytes(row[2]));
            pair.destroy();

            if (Arrays.equals(expected, new byte[32])) {
                assertThat(shared).as("case %s", row[0]).isNull();
            } else {
                assertThat(shared).as("case %s", row[0]).isEqualTo(expected);
            }
            cases++;
        }
        assertThat(cases).isGreaterThan(40);
    }

    /// Nonces that Noise does not make are left to the JDK; their keys and texts are taken under the counter in them.
    @Test
    void encrypt_ofEachKeyAndText_agreesWithTheJdk_andIsRead() throws IOException {
        JdkCrypto jdk = new JdkCrypto();
        for (String[] row : rows("chacha20_poly1305.txt")) {
            if (row[3].length() != 24) {
                continue;
            }
            byte[] key = bytes(row[2]);
            long n = ByteBuffer.wrap(bytes(row[3]), 4, 8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
            byte[] associated = bytes(row[4]);
            byte[] text = bytes(row[5]);

            byte[] sealed = libcrypto.encrypt(key, n, associated, text);

            assertThat(sealed).as("case %s", row[0]).isEqualTo(jdk.encrypt(key, n, associated, text));
            assertThat(libcrypto.decrypt(key, n, associated, sealed)).isEqualTo(text);
            sealed[sealed.length - 1] ^= 1;
            assertThat(libcrypto.decrypt(key, n, associated, sealed)).isNull();
            assertThat(libcrypto.decrypt(key, n, associated, Arrays.copyOf(sealed, 15)))
                    .isNull();
        }
    }

    private static List<String[]> rows(String file) throws IOException {
        return Files.readAllLines(Path.of(ROWS, file)).stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" ", -1))
                .toList();
    }

    private static byte[] bytes(String digits) {
        return digits.equals("-") ? new byte[0] : HexFormat.of().parseHex(digits);
    }
}
