package dev.culvert.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.TunnelClock;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.OpenJob;
import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.Timestamp;
import dev.culvert.proto.wireguard.Transmit;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A node that is started twice over one store; the other end is a bare device on a UDP socket, whose datagrams the
/// test keeps as an attacker on the path would.
@Timeout(60)
class PeerMemoryTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final PrivateKey nodeKey = PrivateKey.generate(new SecureRandom());
    private final PrivateKey farKey = PrivateKey.generate(new SecureRandom());
    private final TunnelClock clock = new TunnelClock();
    private final WireGuardDevice far =
            new WireGuardDevice(farKey, new JdkCrypto(), new SecureRandom(), clock.wallOrigin());
    private final Transmit transmit = new Transmit(2_048);
    private final LinkedBlockingQueue<Document> written = new LinkedBlockingQueue<>();
    private final String documentKey = RememberedPeer.documentKey(farKey.publicKey());
    private DatagramSocket socket;
    private SqliteStore store;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        store = new SqliteStore(folder.resolve("db"));
        store.watch(List.of("peers"), Runnable::run, () -> written.addAll(store.list("peers")));
        socket = new DatagramSocket(0, LOOPBACK);
        socket.setSoTimeout(20_000);
    }

    @AfterEach
    void close() {
        socket.close();
        store.close();
    }

    /// A node with the far end as its only peer, and its memory.
    private final class Run implements AutoCloseable {
        private final Loops loops = Loops.forThisMachine();
        private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
        private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
        private final WireGuardTunnel tunnel;
        private final Node node;

        Run(boolean callsFirst) throws Exception {
            Model model = ModelMerge.merge(
                            Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                            http: {listen: []}
                            sites:
                              far: {type: plain, public-key: "%s", address: 10.77.0.2}
                            """.formatted(farKey.publicKey()))))
                    .orThrow();
            tunnel = WireGuardTunnel.open(
                    loops.tunnel(),
                    new WireGuardTunnel.Settings(nodeKey, model.tunnel().addresses(), 1_420),
                    loops.bindUdp(new InetSocketAddress(LOOPBACK, 0)),
                    new JdkCrypto());
            Model empty = new Model(
                    model.name(), model.role(), model.tunnel(), Map.of(), Map.of(), List.of(), Map.of(), model.rules());
            node = new Node(
                    new Node.Parts(
                            loops,
                            tunnel,
                            new Admission(Limits.DEFAULT, new BanTable(), 1, System.nanoTime()),
                            new Events(),
                            workers,
                            scheduler,
                            name -> {
                                throw new IOException(name);
                            },
                            _ -> {}),
                    empty);
            PeerMemory memory = new PeerMemory(node, store, scheduler);
            memory.restore();
            node.apply(model);
            memory.start();
            if (callsFirst) {
                node.recall(farKey.publicKey(), address());
            }
            // Behind this the peer is there: a datagram may overtake what was given to the loop.
            tunnel.status().get(5, TimeUnit.SECONDS);
        }

        private InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        Map<String, Long> drops() throws Exception {
            return tunnel.drops().get(5, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            scheduler.shutdownNow();
            scheduler.close();
            node.close();
            tunnel.close();
            loops.close();
            workers.close();
        }
    }

    private Peer farPeer(InetSocketAddress node) {
        return far.addPeer(
                new PeerConfig(nodeKey.publicKey(), null, node, 0, List.of(IpPrefix.parse("10.77.0.1/32"))),
                clock.now());
    }

    private byte[] poll() {
        assertThat(far.pollTransmit(transmit, clock.now())).isTrue();
        ByteBuffer buffer = transmit.buffer();
        byte[] datagram = new byte[buffer.remaining()];
        buffer.get(datagram);
        return datagram;
    }

    private void send(byte[] datagram, InetSocketAddress to) throws IOException {
        socket.send(new DatagramPacket(datagram, datagram.length, to));
    }

    private void receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
        socket.receive(packet);
        OpenJob job = far.handleDatagram(
                ByteBuffer.wrap(packet.getData(), 0, packet.getLength()),
                (InetSocketAddress) packet.getSocketAddress(),
                clock.now());
        if (job != null) {
            job.run();
            far.complete(job, clock.now());
        }
    }

    private RememberedPeer written(Predicate<RememberedPeer> expected) throws InterruptedException {
        RememberedPeer last;
        do {
            Document document = written.poll(20, TimeUnit.SECONDS);
            assertThat(document).as("a document that says so").isNotNull();
            assertThat(document.key()).isEqualTo(documentKey);
            last = RememberedPeer.parse(document.text());
        } while (!expected.test(last));
        return last;
    }

    @Test
    void initiation_thatWasCaptured_isRefusedAfterARestart() throws Exception {
        byte[] captured;
        Timestamp label;
        try (Run first = new Run(false)) {
            Peer peer = farPeer(first.tunnel.localAddress());
            far.initiate(peer, true, clock.now());
            captured = poll();
            label = peer.sentTimestamp();
            send(captured, first.tunnel.localAddress());
            receive();
            assertThat(far.lastDrop()).isNull();
            // Genuine data confirms the session; only then is the place of the peer remembered.
            send(poll(), first.tunnel.localAddress());
            written(peers -> peers.received().equals(label) && peers.endpoint() != null);
            assertThat(first.drops()).doesNotContainKey("wireguard.STALE_TIMESTAMP");
        }

        try (Run second = new Run(false);
                DatagramSocket attacker = new DatagramSocket(0, LOOPBACK)) {
            attacker.send(new DatagramPacket(captured, captured.length, second.tunnel.localAddress()));
            // The node greets the true place. It confirms our answer, which it has read behind the replay.
            receive();
            send(poll(), second.tunnel.localAddress());
            receive();

            written(peers -> !peers.mark().equals(Timestamp.NONE));
            assertThat(second.drops()).containsEntry("wireguard.STALE_TIMESTAMP", 1L);
            assertThat(second.tunnel
                            .status()
                            .get(5, TimeUnit.SECONDS)
                            .getFirst()
                            .endpoint())
                    .isEqualTo(socket.getLocalSocketAddress());
        }
    }

    @Test
    void clockThatWentBack_afterARestart_stillGetsInBehindTheMark() throws Exception {
        // The last run was tomorrow, as far as this run's clock can tell.
        Timestamp before = Timestamp.ofUnixNanos(clock.wallOrigin()).plusSeconds(86_400);
        Timestamp mark = before.plusSeconds(300);
        store.put(documentKey, 0, new RememberedPeer(null, Timestamp.NONE, mark).text());
        written.clear();

        try (Run run = new Run(true)) {
            RememberedPeer ahead = written(_ -> true);
            farPeer(run.tunnel.localAddress()).restoreTimestamps(before, Timestamp.NONE);
            receive();

            assertThat(far.lastDrop()).isNull();
            Timestamp used = far.peers().iterator().next().receivedTimestamp();
            assertThat(used).isGreaterThan(mark).isLessThan(ahead.mark());
        }
    }

    @Test
    void placesOfAVersionBefore_areTakenOver() throws Exception {
        store.put("memory/peers", 0, farKey.publicKey() + " 127.0.0.1 " + socket.getLocalPort() + "\n");

        try (Run run = new Run(false)) {
            farPeer(run.tunnel.localAddress());
            receive();

            assertThat(far.lastDrop()).isNull();
            assertThat(store.read("memory/peers")).isNull();
            assertThat(store.list("peers")).extracting(Document::key).containsExactly(documentKey);
        }
    }
}
