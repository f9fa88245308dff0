package dev.culvert.control.enrol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.wireguard.PrivateKey;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTest {
    private final PrivateKey once = PrivateKey.generate(new SecureRandom());
    private final Token token = new Token(
            "home",
            List.of(new Token.Gateway(
                    "vps",
                    PrivateKey.generate(new SecureRandom()).publicKey(),
                    "vps.example.com",
                    51820,
                    InetAddress.ofLiteral("10.77.0.1"))),
            InetAddress.ofLiteral("10.77.0.254"),
            once,
            Instant.ofEpochSecond(1_800_000_000),
            1420);

    @Test
    void decode_givesBackWhatWasEncoded() {
        Token decoded = Token.decode(token.encode());

        assertThat(decoded)
                .usingRecursiveComparison()
                .ignoringFields("oneTimeKey")
                .isEqualTo(token);
        assertThat(decoded.oneTimeKey().base64()).isEqualTo(once.base64());
    }

    @Test
    void decode_doesNotMindWhiteSpaceAndLineBreaks() {
        String text = token.encode();

        Token decoded = Token.decode("  " + text.substring(0, 40) + "\r\n  " + text.substring(40) + "\n");

        assertThat(decoded.site()).isEqualTo("home");
    }

    @Test
    void decode_withAnyCharacterChangedOrAnyLengthCut_isRefusedWithoutEchoingIt() {
        String text = token.encode();
        for (int i = 0; i < text.length(); i++) {
            char other = text.charAt(i) == 'A' ? 'B' : 'A';
            String damaged = text.substring(0, i) + other + text.substring(i + 1);
            assertThatThrownBy(() -> Token.decode(damaged))
                    .as("character %d", i)
                    .isInstanceOf(IllegalArgumentException.class)
                    .message()
                    .doesNotContain(damaged.substring(5, 20));
            String cut = text.substring(0, i);
            assertThatThrownBy(() -> Token.decode(cut)).as("cut at %d", i).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cvt1.", "cvt1.AAAA", "cvt1.AAAAAA", "cvt2.AAAA", "cvt1.!!!!", "hello"})
    void decode_ofOtherText_isRefused(String text) {
        assertThatThrownBy(() -> Token.decode(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void decode_ofAnEndlessText_isRefused() {
        assertThatThrownBy(() -> Token.decode("cvt1." + "A".repeat(100_000)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void toString_keepsTheSecret() {
        assertThat(token.toString()).doesNotContain(once.base64()).isEqualTo("Token[home]");
    }
}
