package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.tunnel.KernelWireGuard.Change;
import dev.culvert.dataplane.tunnel.KernelWireGuard.Seen;
import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

/// The driver beside a kernel in memory: what it tells it, and what it makes of what it sees. The kernel's own part is
/// the lab's (`kernel`).
@Timeout(20)
class KernelTunnelTest {
    private static final InetAddress OWN = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress OTHER = InetAddress.ofLiteral("10.77.0.2");
    private static final IpPrefix A = IpPrefix.parse("10.77.0.2/32");
    private static final IpPrefix B = IpPrefix.parse("192.168.7.0/24");
    private static final IpPrefix C = IpPrefix.parse("fd77::2/128");
    private static final InetSocketAddress HERE = new InetSocketAddress("192.0.2.1", 1000);
    private static final InetSocketAddress THERE = new InetSocketAddress("192.0.2.2", 2000);

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Kernel kernel = new Kernel();
    private final Packets packets = new Packets();
    private final Network network = new Network();
    private final PublicKey peer = PrivateKey.generate(new SecureRandom()).publicKey();
    private final KernelTunnel tunnel =
            KernelTunnel.open(loops.next(), List.of(OWN), 1420, new KernelTunnel.Parts(kernel, packets, network));

    private final BlockingQueue<Boolean> news = new LinkedBlockingQueue<>();

    @BeforeEach
    void listen() {
        tunnel.onPeerNews(() -> news.add(true));
    }

    private static class Kernel implements KernelWireGuard {
        final ConcurrentLinkedQueue<Change> told = new ConcurrentLinkedQueue<>();
        volatile List<Seen> peers = List.of();

        @Override
        public String name() {
            return "memory0";
        }

        @Override
        public int listenPort() {
            return 51820;
        }

        @Override
        public void change(List<Change> changes) {
            told.addAll(changes);
        }

        @Override
        public List<Seen> peers() throws IOException {
            return peers;
        }

        @Override
        public Map<String, Long> drops() {
            return Map.of("RX_ERRORS", 3L, "TX_ERRORS", 0L);
        }

        @Override
        public void close() {}
    }

    private static final class Packets implements PacketPort {
        final BlockingQueue<byte[]> in = new LinkedBlockingQueue<>();
        final BlockingQueue<byte[]> out = new LinkedBlockingQueue<>();
        private volatile @Nullable IoEventLoop loop;
        private volatile @Nullable Runnable readable;

        void arrive(byte[] packet) {
            in.add(packet);
            Objects.requireNonNull(loop).execute(Objects.requireNonNull(readable));
        }

        @Override
        public void register(IoEventLoop owner, Runnable whenReadable) {
            loop = owner;
            readable = whenReadable;
        }

        @Override
        public int read(byte[] into, int offset) {
            byte[] next = in.poll();
            if (next == null) {
                return 0;
            }
            System.arraycopy(next, 0, into, offset, next.length);
            return next.length;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            out.add(Arrays.copyOfRange(bytes, offset, offset + length));
        }

        @Override
        public long writeErrors() {
            return 0;
        }

        @Override
        public void close() {}
    }

    private static final class Network implements HostNetwork {
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

    @AfterEach
    void close() throws Exception {
        tunnel.close();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static <T> T done(Future<T> future) throws Exception {
        return future.get(5, TimeUnit.SECONDS);
    }

    private PeerConfig with(IpPrefix... allowed) {
        return new PeerConfig(peer, null, null, 25, List.of(allowed));
    }

    private List<Change> told() {
        List<Change> all = new ArrayList<>(kernel.told);
        kernel.told.clear();
        return all;
    }

    @Test
    void put_ofAPeerWithMoreAddresses_tellsTheNewOnesAlone() throws Exception {
        done(tunnel.put(with(A)));
        done(tunnel.put(with(A, B)));

        assertThat(told())
                .containsExactly(
                        new Change.Put(with(A), false, List.of(A)), new Change.Put(with(A, B), false, List.of(B)));
        assertThat(network.told).containsExactly("route 10.77.0.2/32 0", "route 192.168.7.0/24 0");
    }

    @Test
    void put_ofAPeerThatLosesOne_replacesAll() throws Exception {
        done(tunnel.put(with(A, B)));
        told();

        done(tunnel.put(with(A, C)));

        assertThat(told()).containsExactly(new Change.Put(with(A, C), true, List.of(A, C)));
    }

    @Test
    void prefix_thatAnotherPeerHasTaken_isToldAgain() throws Exception {
        PublicKey other = PrivateKey.generate(new SecureRandom()).publicKey();
        done(tunnel.put(with(A, B)));
        done(tunnel.put(new PeerConfig(other, null, null, 0, List.of(B))));
        told();

        done(tunnel.put(with(A, B)));

        assertThat(told()).containsExactly(new Change.Put(with(A, B), false, List.of(B)));
    }

    @Test
    void presharedKey_goesToTheKernelWithTheChange() throws Exception {
        PresharedKey secret = PresharedKey.generate(new SecureRandom());
        PeerConfig config = new PeerConfig(peer, secret, null, 0, List.of(A));

        done(tunnel.put(config));

        assertThat(told()).containsExactly(new Change.Put(config, false, List.of(A)));
    }

    @Test
    void redirect_withAHandshake_greets() throws Exception {
        done(tunnel.put(with(A)));
        told();

        done(tunnel.redirect(peer, HERE, true));
        done(tunnel.redirect(peer, THERE, false));
        done(tunnel.initiate(peer));

        assertThat(told())
                .containsExactly(
                        new Change.Redirect(peer, HERE),
                        new Change.Greet(peer, 25),
                        new Change.Redirect(peer, THERE),
                        new Change.Greet(peer, 25));
    }

    @Test
    void initiate_ofAPeerThatIsNowhere_saysNothing() throws Exception {
        done(tunnel.put(with(A)));
        told();

        done(tunnel.initiate(peer));

        assertThat(told()).isEmpty();
    }

    @Test
    void remove_takesPeerAndRoutes() throws Exception {
        done(tunnel.put(with(A)));
        told();

        done(tunnel.remove(peer));

        assertThat(told()).containsExactly(new Change.Remove(peer));
        assertThat(network.told).endsWith("unroute 10.77.0.2/32");
        assertThat(done(tunnel.status())).isEmpty();
    }

    @Test
    void peerThatShakesHandsAndMoves_isNews() throws Exception {
        done(tunnel.put(with(A)));
        kernel.peers = List.of(new Seen(peer, HERE, System.currentTimeMillis() * 1_000_000L, 100, 200));
        awaitEndpoint(HERE);
        kernel.peers = List.of(new Seen(peer, THERE, System.currentTimeMillis() * 1_000_000L, 300, 400));
        awaitEndpoint(THERE);

        PeerStatus status = done(tunnel.status()).getFirst();
        assertThat(status.rxBytes()).isEqualTo(300);
        assertThat(status.txBytes()).isEqualTo(400);
        assertThat(status.moves()).isEqualTo(1);
        assertThat(status.handshakeAgeNanos()).isBetween(0L, TimeUnit.SECONDS.toNanos(15));
    }

    /// By the look that the tunnel takes by itself every second.
    private void awaitEndpoint(InetSocketAddress expected) throws Exception {
        do {
            assertThat(news.poll(10, TimeUnit.SECONDS)).isNotNull();
        } while (!expected.equals(done(tunnel.status()).getFirst().endpoint()));
    }

    private PathEvidence evidence() throws Exception {
        return Objects.requireNonNull(tunnel.evidence(peer).get(5, TimeUnit.SECONDS));
    }

    @Test
    void handshakeStamp_ofAClockThatWasSet_isNotAnAge() throws Exception {
        done(tunnel.put(with(A)));
        kernel.peers = List.of(new Seen(peer, HERE, (System.currentTimeMillis() + 86_400_000L) * 1_000_000L, 100, 200));
        awaitEndpoint(HERE);

        assertThat(evidence().handshakeAgeNanos()).isBetween(0L, TimeUnit.SECONDS.toNanos(15));
    }

    @Test
    void peerWithoutAHandshake_hasNoAge() throws Exception {
        done(tunnel.put(with(A)));
        kernel.peers = List.of(new Seen(peer, HERE, 0, 0, 148));
        awaitEndpoint(HERE);

        assertThat(evidence().handshakeAgeNanos()).isEqualTo(-1);
    }

    @Test
    void ping_isAnEchoBesideTheKernel() throws Exception {
        var answered = tunnel.ping(OTHER, 32, 5_000);
        byte[] request = Objects.requireNonNull(packets.out.poll(5, TimeUnit.SECONDS));
        byte[] reply = request.clone();
        System.arraycopy(request, 12, reply, 16, 4);
        System.arraycopy(request, 16, reply, 12, 4);
        IcmpHeader.write(reply, 20, 8 + 32, IcmpHeader.V4_ECHO_REPLY, 0, NetworkOrder.i32(request, 24), 0);

        packets.arrive(reply);

        assertThat(done(answered)).isPositive();
    }

    @Test
    void limit_isTheRoutes() throws Exception {
        done(tunnel.put(with(A)));
        done(tunnel.limitPackets(peer, 1300));
        done(tunnel.limitPackets(peer, 1420));

        assertThat(network.told)
                .containsExactly("route 10.77.0.2/32 0", "route 10.77.0.2/32 1300", "route 10.77.0.2/32 0");
    }

    @Test
    void whileNobodyIsTaken_noPortIsOpen() throws Exception {
        done(tunnel.acceptNew(false));
        done(tunnel.acceptNew(false));
        done(tunnel.acceptNew(true));

        assertThat(network.told).containsExactly("open []", "open []");
    }

    @Test
    void drops_areTheKernelsWords() throws Exception {
        assertThat(done(tunnel.drops())).containsEntry("kernel.RX_ERRORS", 3L).doesNotContainKey("kernel.TX_ERRORS");
    }

    @Test
    void descriptor_isNotToBeGivenAway() {
        assertThat(tunnel.descriptor()).isEqualTo(-1);
        assertThat(tunnel.sharesPorts()).isTrue();
        assertThat(tunnel.type()).isEqualTo("kernel");
    }

    @Test
    void interfaceThatIsGone_leavesWhatWasKnown() throws Exception {
        KernelTunnel other = KernelTunnel.open(
                loops.next(),
                List.of(OWN),
                1420,
                new KernelTunnel.Parts(
                        new Kernel() {
                            @Override
                            public List<Seen> peers() throws IOException {
                                throw new IOException("the tunnel's interface memory0 is gone");
                            }
                        },
                        new Packets(),
                        new Network()));
        done(other.put(with(A)));

        assertThat(done(other.status())).hasSize(1);
        other.close();
    }
}
