package dev.culvert.proto.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HostNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "example.com", "EXAMPLE.com", "xn--bcher-kva.example", "_acme.x-y.example", "1.2.3"})
    void isName_names_true(String text) {
        assertThat(HostName.isName(text, 0, text.length())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                ".a",
                "a.",
                "a..b",
                "a b",
                "a/b",
                "a@b",
                "a,b",
                "b\u00fccher.example",
                "a\0b",
                "a%41",
                "a:1",
                "[::1]",
                "a\u212a"
            })
    void isName_anythingElse_false(String text) {
        assertThat(HostName.isName(text, 0, text.length())).isFalse();
    }

    @Test
    void isName_sizes_followRfc1035() {
        String label = "a".repeat(63);
        assertThat(HostName.isName(label, 0, 63)).isTrue();
        assertThat(HostName.isName(label + "a", 0, 64)).isFalse();
        String longest = String.join(".", label, label, label, "a".repeat(61));
        assertThat(HostName.isName(longest, 0, 253)).isTrue();
        assertThat(HostName.isName(longest + "a", 0, 254)).isFalse();
    }
}
