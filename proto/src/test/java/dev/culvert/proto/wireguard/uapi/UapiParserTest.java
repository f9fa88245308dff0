package dev.culvert.proto.wireguard.uapi;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.uapi.UapiRequest.Assignment;
import dev.culvert.proto.wireguard.uapi.UapiRequest.PeerChange;
import dev.culvert.proto.wireguard.uapi.UapiRequest.PrefixChange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class UapiParserTest {
    private static final String KEY = "01".repeat(32);
    private static final String PEER = "ab".repeat(32);
    private static final String WHOLE = """
            set=1
            private_key=%s
            listen_port=51820
            fwmark=51820
            replace_peers=true
            public_key=%s
            preshared_key=%s
            endpoint=[2001:db8::1]:51820
            persistent_keepalive_interval=25
            replace_allowed_ips=true
            allowed_ip=10.0.0.0/8
            allowed_ip=fd00::/64
            allowed_ip=-192.0.2.1/32
            protocol_version=1
            public_key=%s
            remove=true

            """.formatted(KEY, PEER, KEY, "cd".repeat(32));

    private final UapiParser parser = new UapiParser();

    private void give(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        parser.handleBytes(bytes, 0, bytes.length);
    }

    private @Nullable UapiRequest read(String text) {
        give(text);
        return parser.pollRequest();
    }

    @Test
    void set_withEveryKey_isRead() {
        UapiRequest.Set set = (UapiRequest.Set) requireNonNull(read(WHOLE));

        assertThat(set.privateKey()).isNotNull();
        assertThat(set.listenPort()).isEqualTo(51820);
        assertThat(set.fwmark()).isEqualTo(51820);
        assertThat(set.replacePeers()).isTrue();
        assertThat(set.peers()).hasSize(2);
        PeerChange peer = set.peers().getFirst();
        assertThat(peer.key().bytes()).containsOnly(0xab);
        assertThat(peer.presharedKey()).isNotNull();
        assertThat(peer.endpoint()).isEqualTo(new InetSocketAddress(InetAddress.ofLiteral("2001:db8::1"), 51820));
        assertThat(peer.keepaliveSeconds()).isEqualTo(25);
        assertThat(peer.replaceAllowedIps()).isTrue();
        assertThat(peer.allowedIps())
                .containsExactly(
                        new PrefixChange(IpPrefix.parse("10.0.0.0/8"), false),
                        new PrefixChange(IpPrefix.parse("fd00::/64"), false),
                        new PrefixChange(IpPrefix.parse("192.0.2.1/32"), true));
        assertThat(set.peers().getLast().remove()).isTrue();
        assertThat(set.peers().getLast().presharedKey()).isNull();
        assertThat(set.toString()).doesNotContain(KEY);
    }

    @Test
    void request_cutAnywhere_isNoRequestYet() {
        for (int end = 0; end < WHOLE.length(); end++) {
            UapiParser cut = new UapiParser();
            byte[] bytes = WHOLE.substring(0, end).getBytes(StandardCharsets.US_ASCII);
            cut.handleBytes(bytes, 0, bytes.length);

            assertThat(cut.pollRequest()).as("after %d bytes", end).isNull();
        }
    }

    @Test
    void request_inTwoPieces_isTheSame() {
        UapiRequest whole = read(WHOLE);
        for (int at = 0; at <= WHOLE.length(); at++) {
            give(WHOLE.substring(0, at));
            give(WHOLE.substring(at));

            assertThat(parser.pollRequest()).as("cut at %d", at).isEqualTo(whole);
        }
    }

    @Test
    void requests_several_comeInOrder() {
        give("get=1\n\nset=1\n\n\n\nget=1\n\n");

        assertThat(parser.pollRequest()).isInstanceOf(UapiRequest.Get.class);
        assertThat(parser.pollRequest()).isInstanceOf(UapiRequest.Set.class);
        assertThat(parser.pollRequest()).isInstanceOf(UapiRequest.Get.class);
        assertThat(parser.pollRequest()).isNull();
    }

    @Test
    void zeroKeys_areNone() {
        String lines =
                "set=1\nprivate_key=%1$s\npublic_key=%2$s\npreshared_key=%1$s\n\n".formatted("0".repeat(64), PEER);
        UapiRequest.Set set = (UapiRequest.Set) requireNonNull(read(lines));

        assertThat(set.privateKey()).isEqualTo(new Assignment<>(null));
        assertThat(set.peers().getFirst().presharedKey()).isEqualTo(new Assignment<>(null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "private_key=01",
                "private_key=0g",
                "listen_port=65536",
                "listen_port=-1",
                "listen_port=",
                "fwmark=4294967296",
                "replace_peers=false",
                "remove=true",
                "allowed_ip=10.0.0.0/8",
                "unknown=1",
                "no equals sign",
                "=1",
                "get=1",
                "public_key=abc",
                "public_key=PEER\nendpoint=192.0.2.1",
                "public_key=PEER\nendpoint=192.0.2.1:0",
                "public_key=PEER\nendpoint=vps.example.com:1",
                "public_key=PEER\nendpoint=2001:db8::1:51820",
                "public_key=PEER\nendpoint=[192.0.2.1]:51820",
                "public_key=PEER\npersistent_keepalive_interval=65536",
                "public_key=PEER\nallowed_ip=10.0.0.0/33",
                "public_key=PEER\nallowed_ip=",
                "public_key=PEER\nprotocol_version=2",
                "public_key=PEER\nupdate_only=yes",
                "public_key=PEER\nprivate_key=PEER",
                "public_key=PEER\npreshared_key=00"
            })
    void set_withALineThatMeansNothing_isRefusedAsAWhole(String lines) {
        UapiRequest request =
                read("set=1\nlisten_port=1\n" + lines.replace("PEER", PEER) + "\npublic_key=" + PEER + "\n\nget=1\n\n");

        assertThat(request).isEqualTo(new UapiRequest.Refused(false, UapiParser.INVALID));
        assertThat(parser.pollRequest()).isInstanceOf(UapiRequest.Get.class);
    }

    @Test
    void get_withMore_isRefusedInGetsWay() {
        assertThat(read("get=1\nlisten_port=1\n\n")).isEqualTo(new UapiRequest.Refused(true, UapiParser.INVALID));
        assertThat(read("put=1\n\n")).isEqualTo(new UapiRequest.Refused(false, UapiParser.INVALID));
    }

    @Test
    void line_endless_costsNoMemoryAndIsRefused() {
        give("set=1\n");
        for (int i = 0; i < 1000; i++) {
            give("a".repeat(1000));
        }
        assertThat(read("\n\n")).isEqualTo(new UapiRequest.Refused(false, UapiParser.INVALID));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void bytes_bent_neverThrow(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = WHOLE.getBytes(StandardCharsets.US_ASCII);
        for (int round = 0; round < 2000; round++) {
            byte[] bent = good.clone();
            for (int n = random.nextInt(1, 6); n > 0; n--) {
                bent[random.nextInt(bent.length)] = (byte) random.nextInt(256);
            }
            parser.handleBytes(bent, 0, bent.length);
            parser.handleBytes(new byte[] {'\n', '\n'}, 0, 2);
            List<UapiRequest> all = new ArrayList<>();
            for (UapiRequest next = parser.pollRequest(); next != null; next = parser.pollRequest()) {
                all.add(next);
            }
            assertThat(all).as("seed %d round %d", seed, round).isNotEmpty();
        }
    }
}
