package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Vectors: RFC 8439 §2.8.2; draft-irtf-cfrg-xchacha-03 §2.2.1 and appendix A.3.1.
final class ChaCha20Poly1305Test {
    private static final byte[] KEY = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    private static final byte[] ASSOCIATED = hex("50515253c0c1c2c3c4c5c6c7");
    private static final byte[] PLAINTEXT =
            ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
                            + "for the future, sunscreen would be it.")
                    .getBytes(StandardCharsets.US_ASCII);

    @Test
    void seal_isTheOneOfTheRfc() {
        byte[] nonce = hex("070000004041424344454647");
        byte[] sealed = hex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                + "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                + "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
        assertThat(ChaCha20Poly1305.seal(KEY, nonce, PLAINTEXT, ASSOCIATED)).isEqualTo(sealed);
        assertThat(ChaCha20Poly1305.open(KEY, nonce, sealed, ASSOCIATED)).isEqualTo(PLAINTEXT);
        assertThat(ChaCha20Poly1305.open(KEY, nonce, sealed, new byte[0])).isNull();
        sealed[3] ^= 4;
        assertThat(ChaCha20Poly1305.open(KEY, nonce, sealed, ASSOCIATED)).isNull();
    }

    @Test
    void sealer_countsItsNonces_andEachOpensAsSealedByItself() {
        byte[] first = hex("404142434445464748494a4b4c4d4e4fffffffffffffff7f");
        ChaCha20Poly1305.Sealer sealer = new ChaCha20Poly1305.Sealer(KEY, first);
        byte[] expected = first.clone();
        for (int i = 0; i < 3; i++) {
            byte[] out = new byte[ChaCha20Poly1305.XNONCE_BYTES + PLAINTEXT.length + ChaCha20Poly1305.TAG_BYTES];
            sealer.seal(PLAINTEXT, ASSOCIATED, out, 0, ChaCha20Poly1305.XNONCE_BYTES);

            byte[] nonce = java.util.Arrays.copyOf(out, ChaCha20Poly1305.XNONCE_BYTES);
            byte[] sealed = java.util.Arrays.copyOfRange(out, ChaCha20Poly1305.XNONCE_BYTES, out.length);
            assertThat(nonce).isEqualTo(expected);
            assertThat(sealed).isEqualTo(ChaCha20Poly1305.xseal(KEY, nonce, PLAINTEXT, ASSOCIATED));
            expected = hex("404142434445464748494a4b4c4d4e4f" + (i == 0 ? "0000000000000080" : "0100000000000080"));
        }
    }

    @Test
    void hchacha20_isTheOneOfTheDraft() {
        byte[] key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        byte[] nonce = hex("000000090000004a0000000031415927");
        assertThat(ChaCha20Poly1305.hchacha20(key, nonce))
                .isEqualTo(hex("82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"));
    }

    @Test
    void xseal_isTheOneOfTheDraft() {
        byte[] nonce = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
        byte[] sealed = hex("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
                + "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
                + "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                + "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
        assertThat(ChaCha20Poly1305.xseal(KEY, nonce, PLAINTEXT, ASSOCIATED)).isEqualTo(sealed);
        assertThat(ChaCha20Poly1305.xopen(KEY, nonce, sealed, ASSOCIATED)).isEqualTo(PLAINTEXT);
        nonce[0] ^= 1;
        assertThat(ChaCha20Poly1305.xopen(KEY, nonce, sealed, ASSOCIATED)).isNull();
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
