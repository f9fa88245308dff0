package dev.culvert.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SiteRulesTest {
    private static final SiteRules HOME = new SiteRules(
            List.of(
                    new AllowRule.Addresses(IpPrefix.parse("192.168.1.20"), 2342, 2342),
                    new AllowRule.Addresses(IpPrefix.parse("10.0.0.0/24"), 8000, 8100),
                    new AllowRule.Name("nas.lan", 443, 443),
                    new AllowRule.Name("localhost", 80, 80)),
            List.of(),
            List.of(IpPrefix.parse("10.77.0.0/24")));

    @ParameterizedTest
    @CsvSource({
        "192.168.1.20, 2342, true",
        "192.168.1.20, 2343, false",
        "192.168.1.21, 2342, false",
        "::ffff:192.168.1.20, 2342, true",
        "10.0.0.255, 8000, true",
        "10.0.0.0, 8100, true",
        "10.0.0.1, 8101, false",
        "10.0.1.1, 8000, false",
        "nas.lan, 443, true",
        "NAS.lan, 443, true",
        "nas.lan, 80, false",
        "nas.lan.evil.example, 443, false",
        "3232235796, 2342, false",
        "192.168.276, 2342, false",
    })
    void allows_onlyWhatIsListedAsWritten(String host, int port, boolean expected) {
        assertThat(HOME.allows(host, port)).isEqualTo(expected);
    }

    @Test
    void allows_nothingByDefault() {
        assertThat(SiteRules.NOTHING.allows("127.0.0.1", 80)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "nas.lan, 443, 192.168.1.5, true",
        "nas.lan, 443, 8.8.8.8, true",
        "nas.lan, 443, 127.0.0.1, false",
        "nas.lan, 443, ::1, false",
        "nas.lan, 443, 169.254.169.254, false",
        "nas.lan, 443, 0.0.0.0, false",
        "nas.lan, 443, 224.0.0.1, false",
        "nas.lan, 443, 10.77.0.1, false",
        "nas.lan, 444, 192.168.1.5, false",
        "localhost, 80, 127.0.0.1, true",
        "192.168.1.20, 2342, 192.168.1.20, true",
        "192.168.1.20, 2342, 192.168.1.21, false",
    })
    void mayDial_refusesNamesThatPointInside(String host, int port, String resolved, boolean expected) {
        assertThat(HOME.mayDial(host, port, InetAddress.ofLiteral(resolved))).isEqualTo(expected);
    }

    @Test
    void mayDial_nameToLoopback_withAddressRuleToo_isAllowed() {
        SiteRules rules = new SiteRules(
                List.of(
                        new AllowRule.Name("app.lan", 80, 80),
                        new AllowRule.Addresses(IpPrefix.parse("127.0.0.1"), 80, 80)),
                List.of(),
                List.of());

        assertThat(rules.mayDial("app.lan", 80, InetAddress.ofLiteral("127.0.0.1")))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "8.8.8.8, ALLOWED",
        "203.0.113.9, ALLOWED",
        "2001:db8::1, ALLOWED",
        "0.0.0.0, UNSPECIFIED",
        "::, UNSPECIFIED",
        "127.0.0.1, LOOPBACK",
        "127.255.255.255, LOOPBACK",
        "::1, LOOPBACK",
        "::ffff:127.0.0.1, LOOPBACK",
        "169.254.1.1, LINK_LOCAL",
        "fe80::1, LINK_LOCAL",
        "10.1.2.3, PRIVATE",
        "172.16.0.1, PRIVATE",
        "172.31.255.255, PRIVATE",
        "172.32.0.1, ALLOWED",
        "192.168.0.1, PRIVATE",
        "fd00::1, PRIVATE",
        "fec0::1, PRIVATE",
        "100.64.0.1, CARRIER_NAT",
        "100.128.0.1, ALLOWED",
        "224.0.0.1, MULTICAST",
        "ff02::1, MULTICAST",
        "255.255.255.255, RESERVED",
        "0.1.2.3, RESERVED",
        "::1.2.3.4, RESERVED",
        "10.77.0.9, TUNNEL",
    })
    void mayClaim_onlyTheInternet(String client, ClientVerdict expected) {
        assertThat(HOME.mayClaim(InetAddress.ofLiteral(client))).isEqualTo(expected);
    }

    @Test
    void mayClaim_ownAddress_isRefused() {
        InetAddress own = InetAddress.ofLiteral("203.0.113.7");

        assertThat(HOME.mayClaim(own, Set.of(own))).isEqualTo(ClientVerdict.OWN);
    }

    @Test
    void mayClaim_clients_overruleAllButMulticastAndUnspecified() {
        SiteRules rules = new SiteRules(
                List.of(),
                List.of(IpPrefix.parse("127.0.0.0/8"), IpPrefix.parse("10.77.0.0/24"), IpPrefix.parse("224.0.0.0/8")),
                List.of(IpPrefix.parse("10.77.0.0/24")));

        assertThat(rules.mayClaim(InetAddress.ofLiteral("127.0.0.1"))).isEqualTo(ClientVerdict.ALLOWED);
        assertThat(rules.mayClaim(InetAddress.ofLiteral("10.77.0.9"))).isEqualTo(ClientVerdict.ALLOWED);
        assertThat(rules.mayClaim(InetAddress.ofLiteral("224.0.0.1"))).isEqualTo(ClientVerdict.MULTICAST);
    }

    private static final SiteRules SHOWING = new SiteRules(
            List.of(new AllowRule.Addresses(IpPrefix.parse("0.0.0.0/0"), 1, 65535)),
            List.of(IpPrefix.parse("192.168.1.0/24"), IpPrefix.parse("127.0.0.0/8"), IpPrefix.parse("10.77.0.0/24")),
            List.of(IpPrefix.parse("10.77.0.0/24")),
            new Transparency(
                    List.of(
                            new AllowRule.Name("localhost", 22, 22),
                            new AllowRule.Addresses(IpPrefix.parse("192.168.1.20"), 25, 25)),
                    List.of(new AllowRule.Addresses(IpPrefix.parse("192.168.1.20"), 25, 25))),
            null);

    @Test
    void mayShowVisitor_onlyToWhatTheHomeLists() {
        assertThat(SHOWING.mayShowVisitor(Transport.TCP, "localhost", 22)).isTrue();
        assertThat(SHOWING.mayShowVisitor(Transport.TCP, "192.168.1.20", 25)).isTrue();
        assertThat(SHOWING.mayShowVisitor(Transport.UDP, "localhost", 22)).isFalse();
        assertThat(SHOWING.mayShowVisitor(Transport.TCP, "127.0.0.1", 22)).isFalse();
        assertThat(SHOWING.mayShowVisitor(Transport.TCP, "localhost", 23)).isFalse();
        assertThat(HOME.mayShowVisitor(Transport.TCP, "localhost", 80)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "203.0.113.9, ALLOWED",
        "2001:db8::9, ALLOWED",
        "192.168.1.5, ALLOWED",
        "192.168.2.5, PRIVATE",
        "100.64.0.1, CARRIER_NAT",
        "fd00::1, PRIVATE",
        "127.0.0.1, LOOPBACK",
        "::1, LOOPBACK",
        "169.254.1.1, LINK_LOCAL",
        "10.77.0.1, TUNNEL",
        "192.168.1.2, OWN",
        "198.51.100.2, OWN",
        "224.0.0.1, MULTICAST",
        "0.0.0.0, UNSPECIFIED",
        "255.255.255.255, RESERVED",
    })
    void mayShow_neverWhatThisMachineTakesForItsOwn(String client, ClientVerdict expected) {
        Set<InetAddress> own = Set.of(InetAddress.ofLiteral("192.168.1.2"), InetAddress.ofLiteral("198.51.100.2"));

        assertThat(SHOWING.mayShow(InetAddress.ofLiteral(client), own)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 22, 127.0.0.1, true",
        "localhost, 22, ::1, true",
        "localhost, 22, 192.168.1.2, true",
        "localhost, 22, 172.17.0.2, true",
        "localhost, 22, 172.18.0.2, false",
        "localhost, 22, 192.168.1.20, false",
        "192.168.1.20, 25, 192.168.1.20, true",
        "192.168.1.20, 26, 192.168.1.20, false",
    })
    void returnsHere_fromThisMachineItsContainersAndWhatIsListed(
            String host, int port, String resolved, boolean expected) {
        Surroundings machine = new Surroundings(
                Set.of(InetAddress.ofLiteral("192.168.1.2")), List.of(IpPrefix.parse("172.17.0.0/16")));

        assertThat(SHOWING.returnsHere(Transport.TCP, host, port, InetAddress.ofLiteral(resolved), machine))
                .isEqualTo(expected);
    }
}
