package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyTest {
    private static final String TEXT = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";

    @Test
    void parse_base64_isTheInverse() {
        assertThat(PrivateKey.parse(TEXT).base64()).isEqualTo(TEXT);
        assertThat(PresharedKey.parse(TEXT).base64()).isEqualTo(TEXT);
        assertThat(PublicKey.parse(TEXT)).hasToString(TEXT).isEqualTo(PublicKey.parse(TEXT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk",
                "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBml=",
                "yAnz5TF+lXXJte14tji3zlMNq-hd2rYUIgJBgB3fBmk=",
                "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBm==",
                "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n",
                "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmkA",
                "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBm\u0141=",
            })
    void parse_anythingElse_isRefusedWithoutQuotingIt(String text) {
        assertThatThrownBy(() -> PrivateKey.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("private key (expected: 44 characters of base64, ending in =)")
                .hasNoCause();
    }

    @Test
    void toString_ofSecrets_isMasked() {
        assertThat(PrivateKey.parse(TEXT)).hasToString("***");
        assertThat(PresharedKey.parse(TEXT)).hasToString("***");
    }

    /// Alice's keys of RFC 7748 §6.1 in base64.
    @Test
    void publicKey_isTheOneOfTheRfc() {
        assertThat(PrivateKey.parse("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=")
                        .publicKey()
                        .base64())
                .isEqualTo("hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=");
    }

    @Test
    void generate_isClampedAndItsPublicKeyFits() {
        byte[] bytes = PrivateKey.generate(new Random(1)).raw();
        assertThat(bytes[0] & 7).isZero();
        assertThat(bytes[31] & 0xc0).isEqualTo(0x40);
    }

    @Test
    void destroy_thenUse_isAProgrammingError() {
        PrivateKey key = PrivateKey.parse(TEXT);
        key.destroy();
        assertThatThrownBy(key::base64).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new PublicKey(new byte[31])).isInstanceOf(IllegalArgumentException.class);
    }
}
