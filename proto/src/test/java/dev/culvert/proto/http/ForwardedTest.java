package dev.culvert.proto.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.http.testing.Heads;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Reference: attacks.md HD-04 and HD-07, RFC 7239.
final class ForwardedTest {
    private static final IpPrefix TRUSTED = IpPrefix.parse("10.0.0.0/8");

    @ParameterizedTest(name = "HD-07 {4}")
    @CsvSource({
        "192.0.2.60, -1, example.com, https, for=192.0.2.60;host=example.com;proto=https",
        "192.0.2.60, 4711, example.com, http, 'for=\"192.0.2.60:4711\";host=example.com;proto=http'",
        "2001:db8::1, -1, '', https, 'for=\"[2001:db8::1]\";proto=https'",
        "2001:db8::1, 4711, '', https, 'for=\"[2001:db8::1]:4711\";proto=https'",
        "192.0.2.60, -1, example.com:8443, https, 'for=192.0.2.60;host=\"example.com:8443\";proto=https'",
        "192.0.2.60, -1, [::1], https, 'for=192.0.2.60;host=\"[::1]\";proto=https'",
        ", -1, a, http, for=unknown;host=a;proto=http",
        "192.0.2.60, -1, 'a\"\\b', http, 'for=192.0.2.60;host=\"a\\\"\\\\b\";proto=http'",
    })
    void append_element_isQuotedWhereNeeded(
            @Nullable String client, int port, String host, String proto, String expected) {
        StringBuilder out = new StringBuilder();
        InetAddress address = client == null ? null : InetAddress.ofLiteral(client);
        ForwardedElement.append(out, address, port, host, proto);
        assertThat(out).hasToString(expected);
    }

    @Test
    void append_controlInAValue_throws() {
        assertThatThrownBy(() -> ForwardedElement.append(new StringBuilder(), null, -1, "a\r\nb", "http"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest(name = "HD-04 {0}")
    @CsvSource(
            nullValues = "none",
            value = {
                "198.51.100.7, 198.51.100.7",
                "'6.6.6.6, 198.51.100.7', 198.51.100.7",
                "'6.6.6.6, 198.51.100.7, 10.0.0.1', 198.51.100.7",
                "'6.6.6.6,198.51.100.7 ,10.0.0.1,\t10.0.0.2', 198.51.100.7",
                "'2001:db8::1, 10.0.0.1', 2001:db8::1",
                "'10.0.0.3, 10.0.0.1', 10.0.0.3",
                "'unknown, 10.0.0.1', 10.0.0.1",
                "'6.6.6.6, , 10.0.0.1', 10.0.0.1",
                "'6.6.6.6, 198.51.100.007', none",
                "'', none",
                "'6.6.6.6,', none",
                "'[2001:db8::1]:443', none",
            })
    void client_chain_isReadFromTheRight(String value, @Nullable String expected) {
        InetAddress client = ForwardedChain.client(Heads.get("/", "X-Forwarded-For: " + value), TRUSTED::contains);
        assertThat(client).isEqualTo(expected == null ? null : InetAddress.ofLiteral(expected));
    }

    @Test
    void client_severalFields_areOneChain() {
        RequestHead head = Heads.get("/", "X-Forwarded-For: 6.6.6.6, 198.51.100.7", "x-forwarded-for: 10.0.0.1");
        assertThat(ForwardedChain.client(head, TRUSTED::contains)).isEqualTo(InetAddress.ofLiteral("198.51.100.7"));
        assertThat(ForwardedChain.client(Heads.get("/"), TRUSTED::contains)).isNull();
    }

    @Test
    void client_endlessChain_isReadUpToABound() {
        String[] chain = new String[1000];
        Arrays.fill(chain, "10.0.0.1");
        chain[0] = "6.6.6.6";
        String value = String.join(",", chain);
        assertThat(ForwardedChain.client(Heads.get("/", "X-Forwarded-For: " + value), TRUSTED::contains))
                .isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
    }
}
