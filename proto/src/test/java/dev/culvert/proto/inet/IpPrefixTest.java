package dev.culvert.proto.inet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IpPrefixTest {
    @ParameterizedTest
    @CsvSource({
        "10.77.0.5/24, 10.77.0.0/24",
        "10.77.0.5, 10.77.0.5/32",
        "0.0.0.0/0, 0.0.0.0/0",
        "255.255.255.255/1, 128.0.0.0/1",
        "2001:db8:ffff::1/33, 2001:db8:8000:0:0:0:0:0/33",
        "::ffff:192.0.2.1, 192.0.2.1/32",
    })
    void parse_clearsHostBits(String text, String expected) {
        assertThat(IpPrefix.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.0/33",
                "10.0.0.0/+8",
                "10.0.0.0/08",
                "10.0.0.0/",
                "::/129",
                "example.com/8",
                "10.0.0/8/8"
            })
    void parse_refusesWhatIsNoPrefix(String text) {
        assertThatThrownBy(() -> IpPrefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void contains_knowsFamiliesApart() {
        IpPrefix all4 = IpPrefix.parse("0.0.0.0/0");
        assertThat(all4.contains(InetAddress.ofLiteral("8.8.8.8"))).isTrue();
        assertThat(all4.contains(InetAddress.ofLiteral("2001:db8::1"))).isFalse();
        assertThat(IpPrefix.parse("10.0.0.0/8").contains(IpPrefix.parse("10.1.0.0/16")))
                .isTrue();
        assertThat(IpPrefix.parse("10.1.0.0/16").contains(IpPrefix.parse("10.0.0.0/8")))
                .isFalse();
    }
}
