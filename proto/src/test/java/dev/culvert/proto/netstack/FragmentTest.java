package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Host.PEER;
import static dev.culvert.proto.netstack.testing.Host.PEER6;
import static dev.culvert.proto.netstack.testing.Host.US;
import static dev.culvert.proto.netstack.testing.Host.US6;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.netstack.testing.Host;
import dev.culvert.proto.netstack.testing.Packets;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Packets in pieces, of both families.
final class FragmentTest {
    private static final String PONG = "10.0.0.1 > 10.0.0.2: ICMP echo reply, id 0 seq 7 length 1000";
    private static final String PONG6 =
            "fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 echo reply, id 0 seq 7 length 1000";

    private final Host host = new Host();

    private static byte[] ping(boolean ipv6, InetAddress from) {
        int type = ipv6 ? IcmpHeader.V6_ECHO_REQUEST : IcmpHeader.V4_ECHO_REQUEST;
        return Packets.icmp(from, ipv6 ? US6 : US, type, 0, 7, new byte[1000]);
    }

    /// A piece of an echo request of 1008 bytes.
    private static byte[] piece(boolean ipv6, InetAddress from, int id, int start, int end) {
        byte[] whole = ping(ipv6, from);
        int header = ipv6 ? 40 : 20;
        boolean more = end < 1008;
        byte[] part = Arrays.copyOfRange(whole, header + start, header + end);
        if (ipv6) {
            byte[] payload = new byte[8 + part.length];
            payload[0] = IpProtocol.ICMPV6;
            NetworkOrder.put16(payload, 2, start | (more ? 1 : 0));
            NetworkOrder.put32(payload, 4, id);
            System.arraycopy(part, 0, payload, 8, part.length);
            return Packets.ip(from, US6, IpProtocol.FRAGMENT, payload);
        }
        byte[] packet = Packets.ip(from, US, IpProtocol.ICMP, part);
        NetworkOrder.put16(packet, 4, id);
        NetworkOrder.put16(packet, 6, start / 8 | (more ? 0x2000 : 0));
        return Packets.repairIpv4(packet);
    }

    private static byte[] piece(boolean ipv6, int start, int end) {
        return piece(ipv6, ipv6 ? PEER6 : PEER, 5, start, end);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pieces_inAnyOrder_areOnePacket(boolean ipv6) {
        String pong = ipv6 ? PONG6 : PONG;
        host.receive(piece(ipv6, 0, 400)).sendsNothing();
        host.receive(piece(ipv6, 400, 800)).sendsNothing();
        host.receive(piece(ipv6, 800, 1008)).sends(pong);
        host.receive(piece(ipv6, 800, 1008)).receive(piece(ipv6, 400, 800)).sendsNothing();
        host.receive(piece(ipv6, 0, 400)).sends(pong).sendsNothing();
        assertThat(host.stack.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void piece6_ofNothing_standsForItself() {
        host.receive(piece(true, 0, 1008)).sends(PONG6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void piece_twice_isIgnored(boolean ipv6) {
        host.receive(piece(ipv6, 0, 400)).receive(piece(ipv6, 0, 400)).receive(piece(ipv6, 400, 1008));
        host.sends(ipv6 ? PONG6 : PONG).sendsNothing();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pieces_overlapping_packetIsRefusedForGood(boolean ipv6) {
        host.receive(piece(ipv6, 0, 400)).receive(piece(ipv6, 392, 800)).dropped(Drop.OVERLAPPING_FRAGMENT);
        host.receive(piece(ipv6, 400, 1008)).receive(piece(ipv6, 0, 400)).sendsNothing();
        assertThat(host.stack.drops(Drop.REFUSED_FRAGMENT)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pieces_beyondTheEnd_areRefused(boolean ipv6) {
        host.receive(piece(ipv6, 800, 1008));
        byte[] beyond = piece(ipv6, 0, 400);
        int field = ipv6 ? 42 : 6;
        NetworkOrder.put16(beyond, field, ipv6 ? 1008 | 1 : 0x2000 | 1008 / 8);
        host.receive(ipv6 ? beyond : Packets.repairIpv4(beyond)).sendsNothing().dropped(Drop.BAD_FRAGMENT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void piece_largerThanAnyPacket_isRefused(boolean ipv6) {
        byte[] huge = piece(ipv6, 0, 400);
        NetworkOrder.put16(huge, ipv6 ? 42 : 6, ipv6 ? 0xfff8 : 0x1fff);
        host.receive(ipv6 ? huge : Packets.repairIpv4(huge)).sendsNothing().dropped(Drop.BAD_FRAGMENT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void piece_notOfEights_isRefused(boolean ipv6) {
        host.receive(piece(ipv6, 0, 399)).sendsNothing().dropped(Drop.BAD_FRAGMENT);
    }

    @Test
    void piecesMissing_afterTheTime_senderIsTold() {
        host.receive(piece(false, 0, 400)).receive(piece(true, 0, 400));
        host.now += FragmentReassembly.TIMEOUT_4;
        assertThat(host.stack.nextDeadline()).isEqualTo(host.now);
        host.stack.handleTimeout(host.now);
        host.sends("10.0.0.1 > 10.0.0.2: ICMP type 11 code 1 length 420").sendsNothing();
        host.now += FragmentReassembly.TIMEOUT_6 - FragmentReassembly.TIMEOUT_4;
        host.stack.handleTimeout(host.now);
        host.sends("fd00:0:0:0:0:0:0:1 > fd00:0:0:0:0:0:0:2: ICMP6 type 3 code 1 length 440")
                .sendsNothing();
        assertThat(host.stack.drops(Drop.FRAGMENTS_EXPIRED)).isEqualTo(2);
        assertThat(host.stack.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void firstPieceMissing_afterTheTime_nobodyIsTold() {
        host.receive(piece(false, 400, 800));
        host.now += FragmentReassembly.TIMEOUT_4;
        host.stack.handleTimeout(host.now);
        host.sendsNothing().dropped(Drop.FRAGMENTS_EXPIRED);
    }

    @Test
    void flood_ofOneSource_leavesOthersTheirs() {
        InetAddress other = InetAddress.ofLiteral("10.0.0.9");
        host.receive(piece(false, 0, 400));
        for (int id = 0; id < 1000; id++) {
            host.receive(piece(false, other, id, 0, 400));
        }
        host.receive(piece(false, 400, 1008)).sends(PONG);
    }

    @Test
    void flood_ofManySources_isBounded() {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 20_000; i++) {
            InetAddress from = InetAddress.ofLiteral("10.1." + random.nextInt(256) + "." + (1 + random.nextInt(250)));
            host.receive(piece(false, from, random.nextInt(65536), 8 * random.nextInt(50), 408));
            if (i % 100 == 0) {
                host.now += 1_000_000_000L;
                host.stack.handleTimeout(host.now);
                // Errors about them, limited in rate.
                host.discardsWhatIsSent();
            }
        }
        host.receive(piece(false, 0, 400)).receive(piece(false, 400, 1008)).sends(PONG);
    }

    /// Whatever comes, a whole packet is as its sender has made it: pieces are cut and shuffled, some come twice.
    @Test
    void anyCut_isPutTogether() {
        for (long seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            boolean ipv6 = random.nextBoolean();
            int[] cuts = random.ints(random.nextInt(6), 1, 126)
                    .map(eights -> eights * 8)
                    .sorted()
                    .distinct()
                    .toArray();
            byte[][] pieces = new byte[cuts.length + 1][];
            for (int i = 0; i <= cuts.length; i++) {
                int start = i == 0 ? 0 : cuts[i - 1];
                InetAddress from = ipv6 ? PEER6 : PEER;
                pieces[i] = piece(ipv6, from, (int) seed, start, i == cuts.length ? 1008 : cuts[i]);
            }
            for (int i = pieces.length - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                byte[] swapped = pieces[i];
                pieces[i] = pieces[other];
                pieces[other] = swapped;
            }
            for (int i = 0; i < pieces.length; i++) {
                host.receive(pieces[i]);
                if (i + 1 < pieces.length && random.nextInt(4) == 0) {
                    host.receive(pieces[i]);
                }
            }
            host.sends(ipv6 ? PONG6 : PONG).sendsNothing();
        }
    }

    @Test
    void anyBytes_asPieces_neverThrow() {
        SplittableRandom random = new SplittableRandom(9);
        for (int i = 0; i < 50_000; i++) {
            byte[] packet = piece(random.nextBoolean(), 8 * random.nextInt(100), 800 + random.nextInt(200));
            boolean ipv4 = packet[0] == 0x45;
            for (int n = random.nextInt(4); n > 0; n--) {
                packet[(ipv4 ? 4 : 40) + random.nextInt(8)] = (byte) random.nextInt();
            }
            host.receive(ipv4 ? Packets.repairIpv4(packet) : packet);
            host.now += 1_000_000;
            host.stack.handleTimeout(host.now);
        }
    }
}
