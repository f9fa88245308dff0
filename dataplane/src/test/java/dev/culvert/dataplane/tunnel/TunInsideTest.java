package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.inet.UdpHeader;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two tunnels with interfaces in memory: what the kernel would have sent goes in here, what it would get comes out
/// there. The kernel's own part is the lab's (`tun`).
@Timeout(20)
class TunInsideTest {
    private static final InetAddress ONE = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress TWO = InetAddress.ofLiteral("10.77.0.2");
    private static final InetAddress ONE6 = InetAddress.ofLiteral("fd77::1");
    private static final InetAddress TWO6 = InetAddress.ofLiteral("fd77::2");

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
    private final MemoryTun tunOne = new MemoryTun();
    private final MemoryTun tunTwo = new MemoryTun();
    private final Recorded network = new Recorded();
    private WireGuardTunnel one;
    private WireGuardTunnel two;
    private PrivateKey keyTwo;

    private static final class MemoryTun implements TunPort {
        final BlockingQueue<byte[]> fromKernel = new LinkedBlockingQueue<>();
        final BlockingQueue<byte[]> toKernel = new LinkedBlockingQueue<>();
        private volatile @Nullable IoEventLoop loop;
        private volatile @Nullable Runnable readable;

        /// A packet that the kernel sends, behind a header of virtio that asks for nothing.
        void send(byte[] packet) {
            byte[] bytes = new byte[10 + packet.length];
            System.arraycopy(packet, 0, bytes, 10, packet.length);
            fromKernel.add(bytes);
            Objects.requireNonNull(loop).execute(Objects.requireNonNull(readable));
        }

        byte[] take() throws InterruptedException {
            byte[] bytes = Objects.requireNonNull(toKernel.poll(10, TimeUnit.SECONDS));
            return Arrays.copyOfRange(bytes, 10, bytes.length);
        }

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public void register(IoEventLoop owner, Runnable whenReadable, Runnable gone) {
            loop = owner;
            readable = whenReadable;
        }

        @Override
        public void unregister() {}

        @Override
        public int read(byte[] into) {
            byte[] next = fromKernel.poll();
            if (next == null) {
                return 0;
            }
            System.arraycopy(next, 0, into, 0, next.length);
            return next.length;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            toKernel.add(Arrays.copyOfRange(bytes, offset, offset + length));
        }

        @Override
        public long writeErrors() {
            return 0;
        }

        @Override
        public void close() {}
    }

    private static final class Recorded implements HostNetwork {
        final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();

        @Override
        public void route(IpPrefix to, int mtu) {
            told.add("route " + to + " " + mtu);
        }

        @Override
        public void unroute(IpPrefix to) {
            told.add("unroute " + to);
        }

        @Override
        public void open(Set<Integer> tcpPorts) {
            told.add("open " + tcpPorts);
        }

        @Override
        public void close() {
            told.add("close");
        }
    }

    @BeforeEach
    void connect() throws Exception {
        PrivateKey keyOne = PrivateKey.generate(new SecureRandom());
        keyTwo = PrivateKey.generate(new SecureRandom());
        one = tunnel(keyOne, List.of(ONE, ONE6), tunOne, network);
        two = tunnel(keyTwo, List.of(TWO, TWO6), tunTwo, new Recorded());
        one.put(peer(keyTwo, two, TWO, TWO6)).get(5, TimeUnit.SECONDS);
        two.put(peer(keyOne, one, ONE, ONE6)).get(5, TimeUnit.SECONDS);
    }

    private WireGuardTunnel tunnel(PrivateKey key, List<InetAddress> own, TunPort tun, HostNetwork told)
            throws Exception {
        UdpPort port = NioUdpPort.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return WireGuardTunnel.tun(
                loops.next(), new WireGuardTunnel.Settings(key, own, 1420), port, new JdkCrypto(), tun, told);
    }

    private static PeerConfig peer(PrivateKey key, WireGuardTunnel tunnel, InetAddress... addresses) {
        List<IpPrefix> allowed = Arrays.stream(addresses).map(IpPrefix::host).toList();
        return new PeerConfig(key.publicKey(), null, tunnel.localAddress(), 0, allowed);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static byte[] tcp(int flags, int sequence, int payload) {
        int upper = TcpHeader.LENGTH + payload;
        byte[] packet = new byte[Ipv4Header.LENGTH + upper];
        int from = 0x0a4d0001;
        int to = 0x0a4d0002;
        TcpHeader.write(packet, 20, 40_000, 80, sequence, 1, TcpHeader.LENGTH, flags, 512);
        long pseudo = InternetChecksum.pseudoHeader(
                0, AddressWords.ipv4Low(from), 0, AddressWords.ipv4Low(to), IpProtocol.TCP);
        TcpHeader.writeChecksum(packet, 20, upper, pseudo);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, from, to);
        return packet;
    }

    @Test
    void packetOfTheKernelHere_reachesTheKernelThere() throws Exception {
        byte[] packet = tcp(TcpHeader.SYN, 7, 0);

        tunOne.send(packet);

        assertThat(tunTwo.take()).isEqualTo(packet);
    }

    @Test
    void segmentsOfARow_arriveWhole() throws Exception {
        for (int i = 0; i < 30; i++) {
            tunOne.send(tcp(TcpHeader.ACK, i * 1000, 1000));
        }

        int bytes = 0;
        while (bytes < 30_000) {
            bytes += tunTwo.take().length - 40;
        }
        assertThat(bytes).isEqualTo(30_000);
    }

    @Test
    void ping_isAnsweredByTheKernelThereAndNotSeenByTheOneHere() throws Exception {
        var answered = one.ping(TWO, 32, 5_000);
        byte[] request = tunTwo.take();
        byte[] reply = request.clone();
        System.arraycopy(request, 12, reply, 16, 4);
        System.arraycopy(request, 16, reply, 12, 4);
        IcmpHeader.write(reply, 20, 8 + 32, IcmpHeader.V4_ECHO_REPLY, 0, NetworkOrder.i32(request, 24), 0);

        tunTwo.send(reply);

        assertThat(answered.get(5, TimeUnit.SECONDS)).isPositive();
        assertThat(tunOne.toKernel).isEmpty();
        assertThat(one.roundTrips().of(TWO)).isPositive();
    }

    @Test
    void ping_overIpv6_isAValidEcho() throws Exception {
        one.ping(TWO6, 100, 100);

        byte[] request = tunTwo.take();

        assertThat(request).hasSize(40 + 8 + 100);
        long sum = InternetChecksum.sum(request, 8, 32)
                + IpProtocol.ICMPV6
                + 108L
                + InternetChecksum.sum(request, 40, 108);
        assertThat(InternetChecksum.fold(sum)).isEqualTo(0xffff);
    }

    @Test
    void datagram_toAPortThatNobodyHas_isNotTheKernels() throws Exception {
        byte[] packet = new byte[Ipv4Header.LENGTH + UdpHeader.LENGTH + 10];
        UdpHeader.write(packet, 20, 5, 53, UdpHeader.LENGTH + 10, 0);
        NetworkOrder.put16(packet, 26, 0);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.UDP, 0x0a4d0001, 0x0a4d0002);

        tunOne.send(packet);
        tunOne.send(tcp(TcpHeader.ACK, 8, 100));

        assertThat(tunTwo.take()).hasSize(140);
        assertThat(two.drops().get(5, TimeUnit.SECONDS)).containsEntry("netstack.NO_UDP_SOCKET", 1L);
    }

    @Test
    void datagram_toAPortOfThisProcess_arrivesThere() throws Exception {
        BlockingQueue<Integer> lengths = new LinkedBlockingQueue<>();
        two.group()
                .next()
                .submit(() -> Objects.requireNonNull(two.datagrams())
                        .bind(null, 53, false, (payload, _) -> lengths.add(payload.remaining())))
                .get(5, TimeUnit.SECONDS);
        byte[] packet = new byte[Ipv4Header.LENGTH + UdpHeader.LENGTH + 10];
        UdpHeader.write(packet, 20, 5, 53, UdpHeader.LENGTH + 10, 0);
        NetworkOrder.put16(packet, 26, 0);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.UDP, 0x0a4d0001, 0x0a4d0002);

        tunOne.send(packet);

        assertThat(lengths.poll(10, TimeUnit.SECONDS)).isEqualTo(10);
        assertThat(tunTwo.toKernel).isEmpty();
    }

    @Test
    void newConnection_whileNoneIsTaken_isDroppedAndWhatStandsGoesOn() throws Exception {
        two.acceptNew(false).get(5, TimeUnit.SECONDS);

        tunOne.send(tcp(TcpHeader.SYN, 7, 0));
        tunOne.send(tcp(TcpHeader.ACK, 8, 100));

        assertThat(tunTwo.take()).hasSize(140);
        assertThat(two.drops().get(5, TimeUnit.SECONDS)).containsEntry("tun.NOT_ACCEPTING", 1L);
    }

    @Test
    void peers_areRoutedAsTheyComeChangeAndGo() throws Exception {
        one.limitPackets(keyTwo.publicKey(), 1300).get(5, TimeUnit.SECONDS);
        one.put(peer(keyTwo, two, TWO)).get(5, TimeUnit.SECONDS);
        one.limitPackets(keyTwo.publicKey(), 1420).get(5, TimeUnit.SECONDS);
        one.remove(keyTwo.publicKey()).get(5, TimeUnit.SECONDS);

        assertThat(network.told)
                .containsExactly(
                        "route 10.77.0.2/32 0",
                        "route fd77:0:0:0:0:0:0:2/128 0",
                        "route 10.77.0.2/32 1300",
                        "route fd77:0:0:0:0:0:0:2/128 1300",
                        "route 10.77.0.2/32 0",
                        "route fd77:0:0:0:0:0:0:2/128 0",
                        "unroute fd77:0:0:0:0:0:0:2/128",
                        "route 10.77.0.2/32 1300",
                        "route 10.77.0.2/32 0",
                        "unroute 10.77.0.2/32");
    }

    @Test
    void syn_announcesWhatThePathCarries_bothWays() throws Exception {
        byte[] packet = withMss(1460);
        tunOne.send(packet);
        assertThat(NetworkOrder.u16(tunTwo.take(), 42)).isEqualTo(1420 - 40);

        one.limitPackets(keyTwo.publicKey(), 1232).get(5, TimeUnit.SECONDS);
        tunOne.send(packet);
        assertThat(NetworkOrder.u16(tunTwo.take(), 42)).isEqualTo(1232 - 40);

        // What the other end announces is lowered here as well, where it does not know of the limit.
        byte[] answer = packet.clone();
        System.arraycopy(packet, 12, answer, 16, 4);
        System.arraycopy(packet, 16, answer, 12, 4);
        tunTwo.send(answer);
        assertThat(NetworkOrder.u16(tunOne.take(), 42)).isEqualTo(1232 - 40);
    }

    private static byte[] withMss(int mss) {
        byte[] packet = Arrays.copyOf(tcp(TcpHeader.SYN, 7, 0), 44);
        NetworkOrder.put32(packet, 40, 2 << 24 | 4 << 16 | mss);
        NetworkOrder.put16(packet, 32, 6 << 12 | TcpHeader.SYN);
        NetworkOrder.put16(packet, 36, 0);
        long pseudo = InternetChecksum.pseudoHeader(
                0, AddressWords.ipv4Low(0x0a4d0001), 0, AddressWords.ipv4Low(0x0a4d0002), IpProtocol.TCP);
        TcpHeader.writeChecksum(packet, 20, 24, pseudo);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, 0x0a4d0001, 0x0a4d0002);
        return packet;
    }

    @Test
    void packetToNobody_isAnsweredAsUnreachable_aBoundedNumberOfTimes() throws Exception {
        byte[] packet = tcp(TcpHeader.SYN, 7, 0);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, 0x0a4d0001, 0x0a4d0009);
        for (int i = 0; i < 500; i++) {
            tunOne.send(packet);
        }

        byte[] error = tunOne.take();

        assertThat(NetworkOrder.i32(error, 12)).isEqualTo(0x0a4d0009);
        assertThat(NetworkOrder.i32(error, 16)).isEqualTo(0x0a4d0001);
        assertThat(error[20]).isEqualTo((byte) IcmpHeader.V4_UNREACHABLE);
        assertThat(Arrays.copyOfRange(error, 28, 68)).isEqualTo(packet);
        // All were seen when the echo behind them has reached the other end.
        tunOne.send(tcp(TcpHeader.ACK, 8, 100));
        tunTwo.take();
        assertThat(tunOne.toKernel.size()).isLessThan(400);
        assertThat(one.drops().get(5, TimeUnit.SECONDS)).containsEntry("wireguard.NO_PEER", 500L);
    }

    @Test
    void defaultRouteOfAHub_isNotTheMachines() throws Exception {
        PrivateKey hub = PrivateKey.generate(new SecureRandom());
        network.told.clear();

        one.put(new PeerConfig(hub.publicKey(), null, null, 0, List.of(IpPrefix.parse("0.0.0.0/0"))))
                .get(5, TimeUnit.SECONDS);

        assertThat(network.told).isEmpty();
    }

    @Test
    void descriptor_isNotToBeGivenAway() {
        assertThat(one.descriptor()).isEqualTo(-1);
        assertThat(one.sharesPorts()).isTrue();
        assertThatThrownBy(() -> one.ping(TWO, 32, 50).get(5, TimeUnit.SECONDS)).isNotNull();
    }
}
