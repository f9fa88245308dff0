package dev.culvert.proto.wireguard;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Rows;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Cases of C2SP/wycheproof: two of each kind by default, all of them with `-Dwycheproof.rows=FOLDER`, which the lab's
/// `vectors` does.
final class WycheproofTest {
    @Test
    void x25519_everyCase_agreesOrIsRefusedAsZero() {
        int cases = 0;
        for (String[] row : Rows.of("x25519")) {
            byte[] expected = Rows.bytes(row[4]);
            byte[] shared = new X25519(Rows.bytes(row[3])).dh(Rows.bytes(row[2]));

            if (Arrays.equals(expected, new byte[32])) {
                assertThat(shared).as("case %s", row[0]).isNull();
            } else {
                assertThat(shared).as("case %s", row[0]).isEqualTo(expected);
            }
            cases++;
        }
        assertThat(cases).isGreaterThan(40);
    }

    @Test
    void chacha20Poly1305_everyCase_sealsAndOpens() {
        assertThat(aead("chacha20_poly1305", ChaCha20Poly1305.NONCE_BYTES)).isGreaterThanOrEqualTo(10);
    }

    @Test
    void xchacha20Poly1305_everyCase_sealsAndOpens() {
        assertThat(aead("xchacha20_poly1305", ChaCha20Poly1305.XNONCE_BYTES)).isGreaterThanOrEqualTo(10);
    }

    private static int aead(String name, int nonceBytes) {
        boolean extended = nonceBytes == ChaCha20Poly1305.XNONCE_BYTES;
        int cases = 0;
        for (String[] row : Rows.of(name)) {
            byte[] key = Rows.bytes(row[2]);
            byte[] nonce = Rows.bytes(row[3]);
            // Nonces of other lengths are refused by type here: nobody can hand one in.
            if (nonce.length != nonceBytes) {
                continue;
            }
            byte[] associated = Rows.bytes(row[4]);
            byte[] text = Rows.bytes(row[5]);
            byte[] sealed = HexFormat.of()
                    .parseHex(Stream.of(row[6], row[7])
                            .filter(part -> !part.equals("-"))
                            .reduce("", String::concat));
            byte[] opened = extended
                    ? ChaCha20Poly1305.xopen(key, nonce, sealed, associated)
                    : ChaCha20Poly1305.open(key, nonce, sealed, associated);
            if (row[1].equals("valid")) {
                byte[] ours = extended
                        ? ChaCha20Poly1305.xseal(key, nonce, text, associated)
                        : ChaCha20Poly1305.seal(key, nonce, text, associated);
                assertThat(ours).as("%s case %s", name, row[0]).isEqualTo(sealed);
                assertThat(requireNonNull(opened))
                        .as("%s case %s", name, row[0])
                        .isEqualTo(text);
            } else {
                assertThat(opened).as("%s case %s", name, row[0]).isNull();
            }
            cases++;
        }
        return cases;
    }
}
