package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TimestampTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "000000000000000000000000",
                "400000000000000a00000000",
                "ffffffffffffffffffffffff",
                "8000000000000000fedcba98"
            })
    void parse_ofWhatItPrints_isTheSame(String text) {
        Timestamp timestamp = Timestamp.parse(text);

        assertThat(timestamp).hasToString(text);
        assertThat(Timestamp.of(HexFormat.of().parseHex(text))).isEqualTo(timestamp);
        assertThat(timestamp.label()).isEqualTo(HexFormat.of().parseHex(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "00", "40000000000000000000000", "40000000000000000000000g", "4000000000000000000000000"})
    void parse_ofSomethingElse_isRefused(String text) {
        assertThatThrownBy(() -> Timestamp.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void compare_isThatOfTheLabels() {
        Timestamp now = Timestamp.ofUnixNanos(1_767_225_600_000_000_000L);
        Timestamp hostile = Timestamp.parse("ffffffffffffffffffffffff");

        assertThat(now).isGreaterThan(Timestamp.NONE).isLessThan(hostile);
        assertThat(Timestamp.max(now, hostile)).isEqualTo(hostile);
        assertThat(Tai64n.compare(now.label(), hostile.label())).isNegative();
    }

    @Test
    void plusSeconds_atTheEndOfTime_staysThere() {
        Timestamp end = Timestamp.parse("ffffffffffffffff00000000");

        assertThat(end.plusSeconds(300)).isEqualTo(end);
        assertThat(Timestamp.ofUnixNanos(0).plusSeconds(2)).isEqualTo(Timestamp.ofUnixNanos(2_000_000_000));
    }
}
