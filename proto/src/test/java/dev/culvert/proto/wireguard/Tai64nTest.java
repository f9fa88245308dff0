package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class Tai64nTest {
    @Test
    void of_epoch_isTwoToThe62AndTen() {
        assertThat(hex(Tai64n.of(0))).isEqualTo("400000000000000a00000000");
        assertThat(hex(Tai64n.of(-1))).isEqualTo("40000000000000093b000000");
    }

    @Test
    void of_nanoseconds_areWhitened() {
        assertThat(hex(Tai64n.of(3 * Protocol.SECOND + 0x1ffffff))).isEqualTo("400000000000000d01000000");
    }

    @Test
    void after_timeThatStandsOrGoesBack_isOneMore() {
        byte[] last = Tai64n.of(5 * Protocol.SECOND);
        byte[] next = Tai64n.after(last, 5 * Protocol.SECOND + 1);
        assertThat(hex(next)).isEqualTo("400000000000000f00000001");
        assertThat(hex(Tai64n.after(next, 0))).isEqualTo("400000000000000f00000002");
        assertThat(hex(Tai64n.after(next, 6 * Protocol.SECOND))).isEqualTo("400000000000001000000000");
    }

    @Test
    void after_lastNanosecond_carries() {
        byte[] last = HexFormat.of().parseHex("40000000000000ff3b9ac9ff");
        assertThat(hex(Tai64n.after(last, 0))).isEqualTo("400000000000010000000000");
        assertThat(Tai64n.compare(Tai64n.after(last, 0), last)).isPositive();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
