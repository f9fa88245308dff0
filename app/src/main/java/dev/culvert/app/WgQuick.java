package dev.culvert.app;

import dev.culvert.proto.wireguard.PrivateKey;
import java.util.Map;

/// A configuration file for wg-quick and every app that reads its format.
final class WgQuick {
    private static final int KEEPALIVE_SECONDS = 25;

    private WgQuick() {}

    /// @param answer the gateway's answer to adding a plain site
    static String file(PrivateKey key, Map<String, Object> answer) {
        return """
                [Interface]
                PrivateKey = %s
                Address = %s/32
                MTU = %s

                [Peer]
                PublicKey = %s
                Endpoint = %s
                AllowedIPs = %s/32
                PersistentKeepalive = %d
                """.formatted(
                        key.base64(),
                        answer.get("address"),
                        answer.get("mtu"),
                        answer.get("gatewayKey"),
                        answer.get("endpoint"),
                        answer.get("gatewayAddress"),
                        KEEPALIVE_SECONDS);
    }
}
