package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.tunnel.KernelWireGuard.Change;
import dev.culvert.dataplane.tunnel.KernelWireGuard.Seen;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What the kernel's WireGuard is sent, and what is read of its answers.
class WireGuardMessagesTest {
    /// The peers of `wg set wgt … peer P preshared-key F endpoint 192.0.2.9:51820 persistent-keepalive 25 allowed-ips
    /// 10.77.0.2/32,fd77::/64` as strace shows it of wireguard-tools 1.0.20210914 on Linux 6.1.
    private static final String SET_OF_WG = "bc000880b800008024000100"
            + "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf24000200"
            + "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
            + "14000400" + "0200ca6cc00002090000000000000000" + "0600050019000000" + "0800030002000000"
            + "480009801c0000800600010002000000080002000a4d00020500030020000000"
            + "28000080060001000a00000014000200fd7700000000000000000000000000000500030040000000";

    /// What Linux 6.1 answered then, from its generic header on.
    private static final String ANSWER_OF_LINUX = "00010000060006001fcb000008000700000000000800010007000000"
            + "080002007767740024000300"
            + "0002030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f60"
            + "24000400" + "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"
            + "e8000880e400008024000100a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf24000200"
            + "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
            + "1400060000000000000000000000000000000000" + "0600050019000000" + "0c0008000000000000000000"
            + "0c0007000000000000000000" + "08000a0001000000" + "140004000200ca6cc00002090000000000000000"
            + "480009801c00008005000300200000000600010002000000080002000a4d0002"
            + "280000800500030040000000060001000a00000014000200fd770000000000000000000000000000";

    private static final int FAMILY = 33;
    private static final int INDEX = 7;
    private static final InetSocketAddress FOUR = new InetSocketAddress("192.0.2.9", 51820);
    private static final InetSocketAddress SIX = new InetSocketAddress("2001:db8::9", 443);

    private final WireGuardMessages messages = new WireGuardMessages(FAMILY, INDEX);
    private final PublicKey peer = PrivateKey.generate(new SecureRandom()).publicKey();

    /// One peer as a request names it.
    private record Named(
            PublicKey key,
            int flags,
            @Nullable Integer preshared,
            int endpointLength,
            int keepalive,
            List<IpPrefix> allowed) {}

    /// Reads a request with the same attributes as the kernel does.
    private static List<Named> peers(NetlinkMessage message) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(message.bytes()).order(ByteOrder.nativeOrder());
        assertThat(bytes.getInt(0)).isEqualTo(bytes.limit());
        assertThat(bytes.getShort(4)).isEqualTo((short) FAMILY);
        assertThat(bytes.get(16)).isEqualTo((byte) 1);
        assertThat(bytes.get(17)).isEqualTo((byte) 1);
        List<Named> all = new ArrayList<>();
        NetlinkAttributes device = new NetlinkAttributes(bytes.position(20));
        while (device.next()) {
            if (device.type() == 1) {
                assertThat(device.value().getInt()).isEqualTo(INDEX);
            } else {
                assertThat(device.type()).isEqualTo(8);
                NetlinkAttributes each = device.nested();
                while (each.next()) {
                    all.add(peer(each.nested()));
                }
            }
        }
        return all;
    }

    private static Named peer(NetlinkAttributes attributes) throws Exception {
        PublicKey key = null;
        int flags = -1;
        Integer preshared = null;
        int endpoint = 0;
        int keepalive = -1;
        List<IpPrefix> allowed = new ArrayList<>();
        while (attributes.next()) {
            ByteBuffer value = attributes.value();
            switch (attributes.type()) {
                case 1 -> {
                    byte[] bytes = new byte[32];
                    value.get(bytes);
                    key = new PublicKey(bytes);
                }
                case 2 -> preshared = value.remaining();
                case 3 -> flags = value.getInt();
                case 4 -> endpoint = value.remaining();
                case 5 -> keepalive = Short.toUnsignedInt(value.getShort());
                case 9 -> {
                    NetlinkAttributes each = attributes.nested();
                    while (each.next()) {
                        allowed.add(prefix(each.nested()));
                    }
                }
                default -> throw new AssertionError("attribute " + attributes.type());
            }
        }
        return new Named(Objects.requireNonNull(key), flags, preshared, endpoint, keepalive, allowed);
    }

    private static IpPrefix prefix(NetlinkAttributes attributes) throws Exception {
        int family = 0;
        byte[] address = {};
        int length = -1;
        while (attributes.next()) {
            switch (attributes.type()) {
                case 1 -> family = attributes.value().getShort();
                case 2 -> {
                    address = new byte[attributes.length()];
                    attributes.value().get(address);
                }
                case 3 -> length = Byte.toUnsignedInt(attributes.value().get());
                default -> throw new AssertionError("attribute " + attributes.type());
            }
        }
        assertThat(family).isEqualTo(address.length == 4 ? 2 : 10);
        return new IpPrefix(InetAddress.getByAddress(address), length);
    }

    @Test
    void put_namesAllOfThePeer() throws Exception {
        PresharedKey secret = PresharedKey.generate(new SecureRandom());
        List<IpPrefix> allowed = List.of(IpPrefix.parse("10.77.0.2/32"), IpPrefix.parse("fd77::/64"));
        PeerConfig config = new PeerConfig(peer, secret, SIX, 25, allowed);

        List<NetlinkMessage> sent = messages.set(List.of(new Change.Put(config, true, allowed)));

        assertThat(sent).hasSize(1);
        assertThat(peers(sent.getFirst())).containsExactly(new Named(peer, 2, 32, 28, 25, allowed));
    }

    private static byte[] counts(int first) {
        byte[] key = new byte[32];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (first + i);
        }
        return key;
    }

    @Test
    void put_isWhatWgSends() {
        List<IpPrefix> allowed = List.of(IpPrefix.parse("10.77.0.2/32"), IpPrefix.parse("fd77::/64"));
        PeerConfig config = new PeerConfig(new PublicKey(counts(160)), new PresharedKey(counts(64)), FOUR, 25, allowed);

        byte[] sent = messages.set(List.of(new Change.Put(config, true, allowed)))
                .getFirst()
                .bytes();

        // Behind both headers and the interface, which wg names by its name.
        assertThat(HexFormat.of().formatHex(sent, 28, sent.length)).isEqualTo(SET_OF_WG);
    }

    @Test
    void answerOfLinux_isRead() {
        WireGuardMessages.Device device = new WireGuardMessages.Device();

        device.read(ByteBuffer.wrap(HexFormat.of().parseHex(ANSWER_OF_LINUX)).order(ByteOrder.LITTLE_ENDIAN));

        assertThat(device.key()).isEqualTo(PublicKey.parse("B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw="));
        assertThat(device.listenPort()).isEqualTo(51999);
        assertThat(device.peers()).containsExactly(new Seen(new PublicKey(counts(160)), FOUR, 0, 0, 0));
    }

    @Test
    void put_byDifferences_replacesNothing() throws Exception {
        List<IpPrefix> more = List.of(IpPrefix.parse("10.77.0.3/32"));
        PeerConfig config = new PeerConfig(peer, null, null, 0, more);

        List<NetlinkMessage> sent = messages.set(List.of(new Change.Put(config, false, more)));

        // Without a secret it has one of zeros, which is none: an earlier one shall not stay.
        assertThat(peers(sent.getFirst())).containsExactly(new Named(peer, 0, 32, 0, 0, more));
    }

    @Test
    void changesOfAPeerThatMayBeGone_makeNone() throws Exception {
        List<NetlinkMessage> sent = messages.set(
                List.of(new Change.Redirect(peer, FOUR), new Change.Greet(peer, 0), new Change.Remove(peer)));

        assertThat(peers(sent.getFirst()))
                .containsExactly(
                        new Named(peer, 4, null, 16, -1, List.of()),
                        new Named(peer, 4, null, 0, 0, List.of()),
                        new Named(peer, 4, null, 0, 1, List.of()),
                        new Named(peer, 4, null, 0, 0, List.of()),
                        new Named(peer, 5, null, 0, -1, List.of()));
    }

    @Test
    void manyAddresses_goOnInFurtherMessagesWithoutReplacingTheFirst() throws Exception {
        List<IpPrefix> many = IntStream.range(0, 3_000)
                .mapToObj(i -> IpPrefix.parse("fd77::" + Integer.toHexString(i) + "/128"))
                .toList();
        PeerConfig config = new PeerConfig(peer, null, FOUR, 0, many);

        List<NetlinkMessage> sent = messages.set(List.of(new Change.Put(config, true, many)));

        List<Named> all = new ArrayList<>();
        for (NetlinkMessage message : sent) {
            assertThat(message.bytes().length).isLessThan(32 * 1024);
            all.addAll(peers(message));
        }
        assertThat(sent).hasSizeGreaterThan(5);
        assertThat(all.getFirst().flags()).isEqualTo(2);
        assertThat(all.subList(1, all.size())).allSatisfy(more -> {
            assertThat(more.flags()).isEqualTo(4);
            assertThat(more.preshared()).isNull();
        });
        assertThat(all.stream().flatMap(named -> named.allowed().stream())).containsExactlyElementsOf(many);
    }

    @Test
    void manyPeers_areSeveralMessages() throws Exception {
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            byte[] key = new byte[32];
            key[0] = (byte) i;
            key[1] = (byte) (i >>> 8);
            changes.add(new Change.Remove(new PublicKey(key)));
        }

        List<NetlinkMessage> sent = messages.set(changes);

        int count = 0;
        for (NetlinkMessage message : sent) {
            count += peers(message).size();
        }
        assertThat(sent).hasSizeGreaterThan(1);
        assertThat(count).isEqualTo(300);
    }

    @Test
    void wipedMessage_holdsNoSecret() {
        PrivateKey key = PrivateKey.generate(new SecureRandom());
        NetlinkMessage message = messages.device(key, 51820);
        assertThat(message.bytes()).containsSequence(key.copy());

        message.wipe();

        assertThat(message.bytes()).containsOnly(0);
    }

    private static NetlinkMessage answer() {
        return new NetlinkMessage().begin(FAMILY, 0).u8(0).u8(1).u16(0);
    }

    private static ByteBuffer body(NetlinkMessage message) {
        byte[] all = message.bytes();
        return ByteBuffer.wrap(all, 16, all.length - 16).slice().order(ByteOrder.nativeOrder());
    }

    private static byte[] words(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.nativeOrder());
        for (long value : values) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    private static byte[] endpoint(int family, int length, int port, byte... address) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
        bytes.putShort((short) family).put((byte) (port >>> 8)).put((byte) port);
        bytes.position(family == 2 ? 4 : 8).put(address);
        return bytes.array();
    }

    @Test
    void device_isReadOverSeveralAnswers() {
        NetlinkMessage first = answer();
        first.attribute(4, peer.bytes())
                .half(6, 51820)
                .nest(
                        8,
                        () -> first.nest(
                                0,
                                () -> first.attribute(1, peer.bytes())
                                        .attribute(2, new byte[32])
                                        .attribute(4, endpoint(2, 16, 51820, (byte) 192, (byte) 0, (byte) 2, (byte) 9))
                                        .attribute(6, words(1_700_000_000L, 5))
                                        .attribute(7, words(1234))
                                        .attribute(8, words(5678))
                                        .nest(9, () -> {})));
        NetlinkMessage more = answer();
        more.nest(8, () -> more.nest(0, () -> more.attribute(1, peer.bytes()).nest(9, () -> {})));
        WireGuardMessages.Device device = new WireGuardMessages.Device();

        device.read(body(first));
        device.read(body(more));

        assertThat(device.key()).isEqualTo(peer);
        assertThat(device.listenPort()).isEqualTo(51820);
        assertThat(device.peers()).hasSize(1);
        var seen = device.peers().getFirst();
        assertThat(seen.endpoint()).isEqualTo(FOUR);
        assertThat(seen.handshakeNanos()).isEqualTo(1_700_000_000_000_000_005L);
        assertThat(seen.rxBytes()).isEqualTo(1234);
        assertThat(seen.txBytes()).isEqualTo(5678);
    }

    @Test
    void peerThatWasNeverHeard_hasNoEndpoint() {
        NetlinkMessage answer = answer();
        answer.nest(
                8,
                () -> answer.nest(
                        0,
                        () -> answer.attribute(1, peer.bytes())
                                .attribute(6, words(0, 0))
                                .attribute(7, words(0))
                                .attribute(8, words(0))));
        WireGuardMessages.Device device = new WireGuardMessages.Device();

        device.read(body(answer));

        assertThat(device.peers().getFirst().endpoint()).isNull();
        assertThat(device.peers().getFirst().handshakeNanos()).isZero();
        assertThat(device.key()).isNull();
    }

    @Test
    void attributes_thatRunOverTheEnd_areTheEnd() {
        ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.nativeOrder());
        bytes.putShort((short) 6).putShort((short) 1).putShort((short) 9).putShort((short) 0);
        bytes.putShort((short) 40).putShort((short) 2);
        NetlinkAttributes attributes = new NetlinkAttributes(bytes.flip());

        assertThat(attributes.next()).isTrue();
        assertThat(attributes.length()).isEqualTo(2);
        assertThat(attributes.next()).isFalse();
    }

    @Test
    void family_isFoundInTheAnswer() {
        NetlinkMessage answer = new NetlinkMessage().begin(16, 0).u8(1).u8(2).u16(0);
        answer.text(2, "wireguard").half(1, 33);

        assertThat(WireGuardMessages.family(body(answer))).isEqualTo(33);
        assertThat(WireGuardMessages.family(body(answer()))).isEqualTo(-1);
    }
}
