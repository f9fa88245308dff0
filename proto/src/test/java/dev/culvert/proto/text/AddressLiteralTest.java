package dev.culvert.proto.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressLiteralTest {
    @ParameterizedTest
    @CsvSource({
        "::, ::",
        "::1, ::1",
        "1::, 1::",
        "2001:DB8::0001, 2001:db8::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "::ffff:192.0.2.1, ::ffff:192.0.2.1",
        "::FFFF:c000:0201, ::ffff:192.0.2.1",
        "0000:0000:0000:0000:0000:ffff:192.168.100.228, ::ffff:192.168.100.228",
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    })
    void readIpv6_anySpelling_formatsCanonically(String text, String canonical) {
        byte[] address = Objects.requireNonNull(AddressLiteral.readIpv6(text, 0, text.length()));
        assertThat(AddressLiteral.format(address)).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":1",
                "1:",
                ":::",
                "1:::2",
                "::1::",
                "1::2::3",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "12345::",
                "g::",
                "::1%eth0",
                "[::1]",
                " ::1",
                "::1 ",
                "1:2:3:4:5:6:7:1.2.3.4",
                "1.2.3.4::",
                "::1.2.3",
                "::1.2.3.4.5",
                "::1.2.3.256",
                "::01.2.3.4",
                "::1.2.3.4:5",
                "192.0.2.1",
                "::\u0661",
                "+1::",
                "::-1",
                "::1.2.3.4 ",
                "::.1.2.3"
            })
    void readIpv6_whatIsNone_returnsNull(String text) {
        assertThat(AddressLiteral.readIpv6(text, 0, text.length())).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.4.",
                ".1.2.3.4",
                "1..2.3",
                "256.1.1.1",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.04",
                "1.2.3.+4",
                "1.2.3.-4",
                "0x1.2.3.4",
                "1.2.3.4 ",
                "203.000.113.007",
                "1.2.3.\u0664",
                "1.2.3.99999999999"
            })
    void readIpv4_whatIsNone_returnsNull(String text) {
        assertThat(AddressLiteral.readIpv4(text, 0, text.length())).isNull();
    }

    @Test
    void read_ofARange_looksAtNothingElse() {
        assertThat(AddressLiteral.read("[2001:db8::1]:443", 1, 12)).isEqualTo(InetAddress.ofLiteral("2001:db8::1"));
        assertThat(AddressLiteral.read("x192.0.2.19", 1, 10)).isEqualTo(InetAddress.ofLiteral("192.0.2.1"));
    }

    @Test
    void read_mappedAddress_becomesIpv4() {
        assertThat(AddressLiteral.read("::ffff:127.0.0.1", 0, 16)).isInstanceOf(Inet4Address.class);
    }

    /// The JDK's own reader is the oracle.
    @Test
    void readIpv6_randomAddresses_agreesWithTheJdk() throws UnknownHostException {
        long seed = 20_261_121;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[16];
            for (int group = 0; group < 8; group++) {
                if (random.nextInt(3) == 0) {
                    bytes[2 * group] = (byte) random.nextInt();
                    bytes[2 * group + 1] = (byte) random.nextInt();
                }
            }
            String canonical = AddressLiteral.format(bytes);
            assertThat(AddressLiteral.readIpv6(canonical, 0, canonical.length()))
                    .as("seed %d, round %d: %s", seed, i, canonical)
                    .isEqualTo(bytes);
            assertThat(InetAddress.ofLiteral(canonical)).isEqualTo(InetAddress.getByAddress(bytes));
        }
    }
}
