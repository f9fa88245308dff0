package dev.culvert.proto.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DecimalTest {
    @ParameterizedTest
    @CsvSource({"0,0", "7,7", "010,10", "65535,65535", "9223372036854775807,9223372036854775807"})
    void read_digits_givesTheNumber(String text, long expected) {
        assertThat(Decimal.read(text, 0, text.length(), Long.MAX_VALUE)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "+5",
                "-5",
                " 5",
                "5 ",
                "0x10",
                "1_0",
                "1Z",
                "1,1",
                "9223372036854775808",
                "18446744073709551616",
                "99999999999999999999999",
                "\u0665"
            })
    void read_anythingElse_givesNone(String text) {
        assertThat(Decimal.read(text, 0, text.length(), Long.MAX_VALUE)).isEqualTo(Decimal.NONE);
    }

    @Test
    void read_aboveTheMaximum_givesNone() {
        assertThat(Decimal.read("65535", 0, 5, 65_535)).isEqualTo(65_535);
        assertThat(Decimal.read("65536", 0, 5, 65_535)).isEqualTo(Decimal.NONE);
        assertThat(Decimal.read("9", 0, 1, 5)).isEqualTo(Decimal.NONE);
    }

    @Test
    void readCanonical_leadingZero_givesNone() {
        assertThat(Decimal.readCanonical("0", 0, 1, 9)).isZero();
        assertThat(Decimal.readCanonical("00", 0, 2, 9)).isEqualTo(Decimal.NONE);
        assertThat(Decimal.readCanonical("0443", 0, 4, 65_535)).isEqualTo(Decimal.NONE);
        assertThat(Decimal.readCanonical("", 0, 0, 9)).isEqualTo(Decimal.NONE);
    }
}
