package dev.culvert.control.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class EndpointGuessTest {
    private static Set<InetAddress> addresses(String... texts) {
        return Arrays.stream(texts).map(InetAddress::ofLiteral).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static List<InetAddress> leaving(String... texts) {
        return List.copyOf(addresses(texts));
    }

    @Test
    void of_oneGlobalAddress_isThatOne() {
        EndpointGuess guess =
                EndpointGuess.of(addresses("127.0.0.1", "10.0.0.4", "203.0.113.7", "fe80::1"), leaving("10.0.0.4"));

        assertThat(guess.address()).isEqualTo(InetAddress.ofLiteral("203.0.113.7"));
        assertThat(guess.why()).contains("only public address");
    }

    @Test
    void of_severalGlobalAddresses_isTheDefaultRoutes() {
        EndpointGuess guess =
                EndpointGuess.of(addresses("203.0.113.7", "203.0.113.8", "2001:db8::1"), leaving("203.0.113.8"));

        assertThat(guess.address()).isEqualTo(InetAddress.ofLiteral("203.0.113.8"));
        assertThat(guess.why()).contains("default route").contains("3");
    }

    @Test
    void of_privateAndCarrierAddressesOnly_isNoneAndNamesThem() {
        EndpointGuess guess = EndpointGuess.of(
                addresses("127.0.0.1", "192.168.1.4", "100.64.3.2", "fd00::1", "fe80::1"), leaving("192.168.1.4"));

        assertThat(guess.address()).isNull();
        assertThat(guess.why())
                .contains("192.168.1.4, 100.64.3.2, fd00::1")
                .contains("NAT")
                .doesNotContain("fe80");
    }
}
