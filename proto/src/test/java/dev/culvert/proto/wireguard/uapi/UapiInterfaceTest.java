package dev.culvert.proto.wireguard.uapi;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class UapiInterfaceTest {
    private static final String NONE = "0".repeat(64);
    private static final int EADDRINUSE = 98;

    private final Random random = new Random(7);
    private final WireGuardDevice device =
            new WireGuardDevice(PrivateKey.generate(random), new JdkCrypto(), random, 1_700_000_000_000_000_000L);
    private final Socket socket = new Socket();
    private final UapiInterface wg = new UapiInterface(device, socket, random);
    private final PrivateKey ours = PrivateKey.generate(random);
    private final PublicKey first = PrivateKey.generate(random).publicKey();
    private final PublicKey second = PrivateKey.generate(random).publicKey();

    private static final class Socket implements UapiInterface.Socket {
        private int port = 40_000;
        private int mark;
        private int moves;

        @Override
        public int listenPort() {
            return port;
        }

        @Override
        public int listenPort(int wanted) {
            if (wanted == 22) {
                return EADDRINUSE;
            }
            port = wanted;
            moves++;
            return 0;
        }

        @Override
        public int fwmark() {
            return mark;
        }

        @Override
        public int fwmark(int wanted) {
            mark = wanted;
            return 0;
        }
    }

    private String ask(String... lines) {
        UapiParser parser = new UapiParser();
        byte[] bytes = (String.join("\n", lines) + "\n\n").getBytes(StandardCharsets.US_ASCII);
        parser.handleBytes(bytes, 0, bytes.length);
        UapiRequest request = requireNonNull(parser.pollRequest());
        return wg.handle(request, 0, 0);
    }

    private static String hex(PublicKey key) {
        return HexFormat.of().formatHex(key.bytes());
    }

    private static String hex(String base64) {
        return HexFormat.of().formatHex(Base64.getDecoder().decode(base64));
    }

    @Test
    void get_ofAnInterfaceWithoutKey_tellsThePortOnly() {
        assertThat(ask("get=1")).isEqualTo("listen_port=40000\nerrno=0\n\n");
    }

    @Test
    void set_thenGet_tellsItInTheProtocolsOrder() {
        String psk = hex(PresharedKey.generate(random).base64());
        assertThat(ask(
                        "set=1",
                        "private_key=" + hex(ours.base64()),
                        "listen_port=51820",
                        "fwmark=4294967295",
                        "public_key=" + hex(first),
                        "preshared_key=" + psk,
                        "endpoint=[2001:db8::1]:51820",
                        "persistent_keepalive_interval=25",
                        "allowed_ip=10.0.0.0/8",
                        "allowed_ip=fd00::/64",
                        "public_key=" + hex(second)))
                .isEqualTo("errno=0\n\n");

        assertThat(device.publicKey()).isEqualTo(ours.publicKey());
        assertThat(ask("get=1"))
                .isEqualTo(String.join(
                        "\n",
                        "private_key=" + hex(ours.base64()),
                        "listen_port=51820",
                        "fwmark=4294967295",
                        "public_key=" + hex(first),
                        "preshared_key=" + psk,
                        "protocol_version=1",
                        "endpoint=[2001:db8:0:0:0:0:0:1]:51820",
                        "last_handshake_time_sec=0",
                        "last_handshake_time_nsec=0",
                        "tx_bytes=0",
                        "rx_bytes=0",
                        "persistent_keepalive_interval=25",
                        "allowed_ip=10.0.0.0/8",
                        "allowed_ip=fd00:0:0:0:0:0:0:0/64",
                        "public_key=" + hex(second),
                        "preshared_key=" + NONE,
                        "protocol_version=1",
                        "last_handshake_time_sec=0",
                        "last_handshake_time_nsec=0",
                        "tx_bytes=0",
                        "rx_bytes=0",
                        "persistent_keepalive_interval=0",
                        "errno=0",
                        "",
                        ""));
    }

    @Test
    void set_ofAPeerThatIsThere_changesWhatItNamesOnly() {
        ask(
                "set=1",
                "public_key=" + hex(first),
                "endpoint=192.0.2.1:1",
                "allowed_ip=10.0.0.0/8",
                "allowed_ip=10.1.0.0/16");
        ask("set=1", "public_key=" + hex(first), "persistent_keepalive_interval=5", "allowed_ip=-10.1.0.0/16");

        assertThat(ask("get=1"))
                .contains("endpoint=192.0.2.1:1\n", "interval=5\n", "allowed_ip=10.0.0.0/8\n")
                .doesNotContain("10.1.0.0");

        ask("set=1", "public_key=" + hex(first), "replace_allowed_ips=true", "allowed_ip=10.2.0.0/16");
        assertThat(ask("get=1")).contains("allowed_ip=10.2.0.0/16\n").doesNotContain("10.0.0.0/8");
    }

    @Test
    void allowedIp_ofAnotherPeer_moves() {
        ask("set=1", "public_key=" + hex(first), "allowed_ip=10.0.0.0/8");
        ask("set=1", "public_key=" + hex(second), "allowed_ip=10.0.0.0/8");

        String all = ask("get=1");
        assertThat(all.indexOf("allowed_ip")).isGreaterThan(all.indexOf(hex(second)));
        assertThat(all.indexOf("allowed_ip")).isEqualTo(all.lastIndexOf("allowed_ip"));
    }

    @Test
    void peers_updatedOnlyRemovedAndReplaced() {
        ask("set=1", "public_key=" + hex(first), "update_only=true");
        assertThat(device.peers()).isEmpty();

        ask("set=1", "public_key=" + hex(first));
        ask("set=1", "public_key=" + hex(first), "remove=true", "public_key=" + hex(second));
        assertThat(device.peer(first)).isNull();

        ask("set=1", "replace_peers=true", "public_key=" + hex(first));
        assertThat(device.peers()).hasSize(1);
        assertThat(device.peer(first)).isNotNull();
    }

    @Test
    void ownKey_asAPeer_isPassedOver() {
        ask("set=1", "private_key=" + hex(ours.base64()), "public_key=" + hex(ours.publicKey()));

        assertThat(device.peers()).isEmpty();
    }

    @Test
    void privateKey_another_keepsPeersAndTheirSettings() {
        ask("set=1", "public_key=" + hex(first), "endpoint=192.0.2.1:1", "allowed_ip=10.0.0.0/8");
        String peers = ask("get=1").substring("listen_port=40000\n".length());
        ask("set=1", "private_key=" + hex(ours.base64()));

        assertThat(ask("get=1")).isEqualTo("private_key=" + hex(ours.base64()) + "\nlisten_port=40000\n" + peers);

        ask("set=1", "private_key=" + NONE);
        assertThat(ask("get=1")).isEqualTo("listen_port=40000\n" + peers);
        assertThat(device.publicKey()).isNotEqualTo(ours.publicKey());
    }

    @Test
    void sameSettingsAgain_touchNothing() {
        String[] all = {
            "set=1",
            "private_key=" + hex(ours.base64()),
            "listen_port=51820",
            "public_key=" + hex(first),
            "allowed_ip=10.0.0.0/8"
        };
        ask(all);
        var peer = device.peer(first);
        ask(all);

        assertThat(device.peer(first)).isSameAs(peer);
        assertThat(socket.moves).isEqualTo(1);
    }

    @Test
    void portTaken_isSaidAsANegativeNumber() {
        assertThat(ask("set=1", "listen_port=22")).isEqualTo("errno=-98\n\n");
        assertThat(ask("set=1", "nonsense=1")).isEqualTo("errno=-22\n\n");
        assertThat(ask("get=1", "nonsense=1")).isEqualTo("errno=22\n\n");
    }
}
