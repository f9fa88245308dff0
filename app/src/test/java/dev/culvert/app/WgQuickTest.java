package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.PrivateKey;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class WgQuickTest {
    private static final PrivateKey KEY = PrivateKey.parse(Base64.getEncoder().encodeToString(new byte[32]));

    private static WgQuick peer(List<String> own, List<String> gateway) {
        return new WgQuick(
                KEY,
                Map.of(
                        "addresses",
                        own,
                        "gatewayAddresses",
                        gateway,
                        "mtu",
                        1420,
                        "gatewayKey",
                        "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=",
                        "endpoint",
                        "vps.example.com:51820"));
    }

    @Test
    void file_ofOneNetwork_namesBothEnds() {
        assertThat(peer(List.of("10.77.0.3"), List.of("10.77.0.1")).file()).isEqualTo("""
                        [Interface]
                        PrivateKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
                        Address = 10.77.0.3/32
                        MTU = 1420

                        [Peer]
                        PublicKey = TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=
                        Endpoint = vps.example.com:51820
                        AllowedIPs = 10.77.0.1/32
                        PersistentKeepalive = 25
                        """);
    }

    @Test
    void file_ofBothVersions_hasTheAddressesOfBoth() {
        assertThat(peer(List.of("10.77.0.3", "fd77::3"), List.of("10.77.0.1", "fd77::1"))
                        .file())
                .contains("Address = 10.77.0.3/32, fd77::3/128\n", "AllowedIPs = 10.77.0.1/32, fd77::1/128\n");
    }

    @Test
    void transparentFile_leadsAnswersBackAndDropsPrivateAddresses() {
        String file = peer(List.of("10.77.0.3", "fd77::3"), List.of("10.77.0.1", "fd77::1"))
                .transparentFile();

        assertThat(file)
                .contains(
                        "Table = off\n",
                        "PostUp = ip -4 rule add from 10.77.0.3 table 5182\n",
                        "PreDown = ip -6 rule del from fd77::3 table 5182\n",
                        "PostUp = nft add rule inet culvert-%i visitors iifname %i ip saddr != 10.77.0.1 ip saddr"
                                + " '{ 10.0.0.0/8,",
                        "ip6 saddr != fd77::1 ip6 saddr '{ fc00::/7,",
                        "PostDown = nft delete table inet culvert-%i\n",
                        "AllowedIPs = 0.0.0.0/0, ::/0\n");
        // wg-quick takes a line for each command, and what is behind a # for a comment.
        assertThat(file.lines().filter(line -> line.contains("nft add rule")))
                .hasSize(2)
                .allMatch(line -> line.endsWith("counter drop") && !line.contains("#"));
    }
}
