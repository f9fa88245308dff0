package dev.culvert.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BindTest {
    @ParameterizedTest
    @CsvSource({
        "*, *, true",
        "*, 192.0.2.1, true",
        "0.0.0.0, 192.0.2.1, true",
        "::, 192.0.2.1, true",
        "::, 0.0.0.0, true",
        "0.0.0.0, ::1, false",
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
    })
    void overlaps_isSymmetric(String a, String b, boolean expected) {
        assertThat(bind(a, 80).overlaps(bind(b, 80))).isEqualTo(expected);
        assertThat(bind(b, 80).overlaps(bind(a, 80))).isEqualTo(expected);
        assertThat(bind(a, 80).overlaps(bind(b, 81))).isFalse();
        assertThat(bind(a, 0).overlaps(bind(b, 0)))
                .as("any free port is never taken")
                .isFalse();
    }

    private static Bind bind(String address, int port) {
        return address.equals("*") ? Bind.any(port) : new Bind(Objects.requireNonNull(Literals.address(address)), port);
    }
}
