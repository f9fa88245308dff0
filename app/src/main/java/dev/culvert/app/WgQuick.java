package dev.culvert.app;

import dev.culvert.proto.wireguard.PrivateKey;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A configuration file for wg-quick and every app that reads its format.
final class WgQuick {
    private static final int KEEPALIVE_SECONDS = 25;
    // RFC 1918, RFC 6598, RFC 3927, RFC 1122.
    private static final String PRIVATE4 =
            "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, 127.0.0.0/8";
    // RFC 4193, RFC 4291.
    private static final String PRIVATE6 = "fc00::/7, fe80::/10, ::1";

    private final PrivateKey key;
    private final Map<String, Object> answer;
    private final List<String> own;
    private final List<String> gateway;

    /// @param answer the gateway's answer to adding a plain site: addresses of both ends, by IP version in one order
    WgQuick(PrivateKey key, Map<String, Object> answer) {
        this.key = key;
        this.answer = answer;
        own = texts("addresses");
        gateway = texts("gatewayAddresses");
    }

    private List<String> texts(String name) {
        List<?> all = (List<?>) answer.getOrDefault(name, List.of());
        return all.stream().map(Object::toString).toList();
    }

    /// For every program that reads such a file.
    String file() {
        return file("", hosts(gateway));
    }

    /// For wg-quick on Linux, with nft: visitors come with their own addresses, which is what `forward: kernel` with
    /// `client-address: transparent` does.
    String transparentFile() {
        StringBuilder ways = new StringBuilder("""

                # Visitors keep their addresses. Answers to them go back by the tunnel, and nothing else does.
                Table = off
                """);
        for (int i = 0; i < own.size(); i++) {
            ways.append(ways(isIpv4(own.get(i)) ? "-4" : "-6", own.get(i), gateway.get(i)));
        }
        ways.append("""

                # No visitor has an address of a private network: one who says so is none.
                PostUp = nft add table inet culvert-%i
                PostUp = nft add chain inet culvert-%i visitors '{ type filter hook prerouting priority -150; }'
                """);
        for (String address : gateway) {
            ways.append(barrier(isIpv4(address) ? "ip" : "ip6", address, isIpv4(address) ? PRIVATE4 : PRIVATE6));
        }
        ways.append("PostDown = nft delete table inet culvert-%i\n");
        String everybody = own.stream()
                .map(address -> isIpv4(address) ? "0.0.0.0/0" : "::/0")
                .collect(Collectors.joining(", "));
        return file(ways.toString(), everybody);
    }

    /// In a table of routes that nothing else uses.
    private static String ways(String version, String own, String gateway) {
        return """
                PostUp = ip %1$s route add %3$s dev %%i
                PostUp = ip %1$s route add default dev %%i table 5182
                PostUp = ip %1$s rule add from %2$s table 5182
                PreDown = ip %1$s rule del from %2$s table 5182
                """.formatted(version, own, gateway);
    }

    private static String barrier(String version, String gateway, String prefixes) {
        return """
                PostUp = nft add rule inet culvert-%%i visitors iifname %%i %1$s saddr != %2$s %1$s saddr \
                '{ %3$s }' counter drop
                """.formatted(version, gateway, prefixes);
    }

    private String file(String ways, String allowed) {
        return """
                [Interface]
                PrivateKey = %s
                Address = %s
                MTU = %s
                %s
                [Peer]
                PublicKey = %s
                Endpoint = %s
                AllowedIPs = %s
                PersistentKeepalive = %d
                """.formatted(
                        key.base64(),
                        hosts(own),
                        answer.get("mtu"),
                        ways,
                        answer.get("gatewayKey"),
                        answer.get("endpoint"),
                        allowed,
                        KEEPALIVE_SECONDS);
    }

    private static String hosts(List<String> addresses) {
        return addresses.stream()
                .map(address -> address + (isIpv4(address) ? "/32" : "/128"))
                .collect(Collectors.joining(", "));
    }

    private static boolean isIpv4(String address) {
        return address.indexOf(':') < 0;
    }
}
