package dev.culvert.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LiteralsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.1",
                "1",
                "010.0.0.1",
                "256.0.0.1",
                "1.2.3.4.5",
                "0x7f.0.0.1",
                "1.2.3.+4",
                "localhost",
                "fe80::1%eth0",
                "[::1]",
                "::1::",
                ":",
                ":::",
                "12345::",
                "::g",
                "1.2.3.4 ",
                "\uff11.2.3.4",
                "::ffff:1.2.3"
            })
    void address_refusesWhatOthersGuess(String text) {
        assertThat(Literals.address(text)).isNull();
        assertThat(Literals.prefix(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "+1", "01", " 1", "1 ", "65536", "99999999999", "1e3", "0x10", "\u0661"})
    void port_refusesWhatIsNoPort(String text) {
        assertThat(Literals.port(text)).isEqualTo(-1);
    }

    @Test
    void port_zero_isNumberButNoPort() {
        assertThat(Literals.number("0", 65535)).isZero();
        assertThat(Literals.port("0")).isEqualTo(-1);
        assertThat(Literals.port("65535")).isEqualTo(65535);
    }

    @ParameterizedTest
    @CsvSource({
        "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1:0:0:0:0:0:0:0, 1::",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "192.0.2.1, 192.0.2.1",
        "::ffff:192.0.2.1, 192.0.2.1",
    })
    void format_followsRfc5952(String text, String expected) {
        assertThat(Literals.format(Objects.requireNonNull(Literals.address(text))))
                .isEqualTo(expected);
    }

    @Test
    void format_randomAddresses_readBack() throws UnknownHostException {
        long seed = 5952;
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = (byte) (random.nextInt(3) == 0 ? random.nextInt() : 0);
            }
            InetAddress address = InetAddress.getByAddress(bytes);
            assertThat(Literals.address(Literals.format(address)))
                    .as("seed " + seed)
                    .isEqualTo(address);
        }
    }

    @Test
    void prefix_ofOneAddress_standsWithoutLength() {
        assertThat(Literals.format(IpPrefix.parse("192.0.2.1/32"))).isEqualTo("192.0.2.1");
        assertThat(Literals.format(IpPrefix.parse("fd00::/8"))).isEqualTo("fd00::/8");
        assertThat(Literals.prefix("10.0.0.0/33")).isNull();
        assertThat(Literals.prefix("10.0.0.0/")).isNull();
    }
}
