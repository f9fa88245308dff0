package dev.culvert.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two tunnels on loopback, each the other's peer.
@Timeout(60)
final class TunnelTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final InetAddress HOME = InetAddress.ofLiteral("10.77.0.2");
    private static final InetAddress HOME6 = InetAddress.ofLiteral("fd77::2");

    private final SecureRandom random = new SecureRandom();
    private final PrivateKey nearKey = PrivateKey.generate(random);
    private final PrivateKey farKey = PrivateKey.generate(random);
    private final PresharedKey psk = PresharedKey.generate(random);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private Tunnel near;
    private Tunnel far;

    @BeforeEach
    void open() throws IOException {
        far = Tunnel.open(new TunnelSettings(
                farKey, List.of(HOME, HOME6), List.of(peer(nearKey, null, "10.77.0.1/32", "fd77::1/128")), 1420, 0));
        near = Tunnel.open(new TunnelSettings(
                nearKey,
                List.of(InetAddress.ofLiteral("10.77.0.1"), InetAddress.ofLiteral("fd77::1")),
                List.of(peer(
                        farKey,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), far.listenPort()),
                        "10.77.0.2/32",
                        "fd77::/64")),
                1420,
                0));
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        near.close();
        far.close();
    }

    private PeerConfig peer(PrivateKey key, @Nullable InetSocketAddress endpoint, String... prefixes) {
        List<IpPrefix> allowed = Arrays.stream(prefixes).map(IpPrefix::parse).toList();
        return new PeerConfig(key.publicKey(), psk, endpoint, 0, allowed);
    }

    @Test
    void connect_bothFamilies_carriesBytesBothWays() throws Exception {
        for (InetAddress address : List.of(HOME, HOME6)) {
            try (ServerSocket server = far.listen(0)) {
                Future<String> heard = threads.submit(() -> answer(server, "welcome"));
                try (Socket socket = near.connect(new InetSocketAddress(address, server.getLocalPort()), SOON)) {
                    assertThat(socket.getRemoteSocketAddress())
                            .isEqualTo(new InetSocketAddress(address, server.getLocalPort()));
                    socket.getOutputStream().write("hello".getBytes(UTF_8));
                    socket.shutdownOutput();
                    assertThat(socket.getInputStream().readAllBytes())
                            .asString(UTF_8)
                            .isEqualTo("welcome");
                }
                assertThat(heard.get()).isEqualTo("hello");
            }
        }
        assertThat(near.peers().getFirst().sinceHandshake()).isNotNull();
    }

    private static String answer(ServerSocket server, String answer) throws IOException {
        try (Socket accepted = server.accept()) {
            String heard = new String(accepted.getInputStream().readAllBytes(), UTF_8);
            accepted.getOutputStream().write(answer.getBytes(UTF_8));
            return heard;
        }
    }

    @Test
    void streams_manyVirtualThreadsAtOnce_eachGetsItsOwnBytes() throws Exception {
        try (ServerSocket server = far.listen(7)) {
            threads.submit(() -> echo(server));
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                long seed = i;
                all.add(threads.submit(() -> exchange(seed, 100_000)));
            }
            for (Future<Boolean> one : all) {
                assertThat(one.get()).isTrue();
            }
        }
    }

    @Test
    void streams_moreThanAnyBuffer_arriveWhole() throws Exception {
        try (ServerSocket server = far.listen(7)) {
            threads.submit(() -> echo(server));
            assertThat(exchange(1, 8 << 20)).isTrue();
        }
    }

    private Void echo(ServerSocket server) throws IOException {
        while (true) {
            Socket accepted = server.accept();
            threads.submit(() -> {
                try (accepted) {
                    accepted.getInputStream().transferTo(accepted.getOutputStream());
                }
                return null;
            });
        }
    }

    private boolean exchange(long seed, int bytes) throws Exception {
        try (Socket socket = near.connect(new InetSocketAddress(HOME, 7), SOON)) {
            byte[] sent = new byte[bytes];
            new SplittableRandom(seed).nextBytes(sent);
            Future<Void> writer = threads.submit(() -> {
                OutputStream out = socket.getOutputStream();
                out.write(sent);
                socket.shutdownOutput();
                return null;
            });
            byte[] echoed = socket.getInputStream().readAllBytes();
            writer.get();
            return Arrays.equals(sent, echoed);
        }
    }

    @Test
    void connect_nobodyListens_isRefused() {
        assertThatThrownBy(() -> near.connect(new InetSocketAddress(HOME, 9), SOON))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("refused");
    }

    @Test
    void connect_outsideOfEveryPeersAddresses_saysSo() {
        assertThatThrownBy(() -> near.connect(new InetSocketAddress("192.0.2.1", 9), SOON))
                .isInstanceOf(NoRouteToHostException.class)
                .hasMessageContaining("allowed IPs");
    }

    @Test
    void connect_peerIsSilent_timesOutAndNamesTheHandshake() throws Exception {
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), far.listenPort());
        PeerConfig stranger =
                new PeerConfig(farKey.publicKey(), null, nobody, 0, List.of(IpPrefix.parse("10.77.0.0/24")));
        PrivateKey unknown = PrivateKey.generate(random);

        try (Tunnel lost = Tunnel.open(TunnelSettings.of(unknown, InetAddress.ofLiteral("10.77.0.9"), stranger))) {
            assertThatThrownBy(() -> lost.connect(new InetSocketAddress(HOME, 9), Duration.ofMillis(200)))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("no handshake with peer");
        }
        assertThat(far.drops()).containsEntry("wireguard.UNKNOWN_PEER", 1L);
    }

    @Test
    void read_nothingComes_timesOutAndTheConnectionStays() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<Socket> accepted = threads.submit(server::accept);
            try (Socket socket = near.connect(new InetSocketAddress(HOME, server.getLocalPort()), SOON)) {
                socket.setSoTimeout(50);
                assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
                accepted.get().getOutputStream().write('x');
                socket.setSoTimeout(20_000);
                assertThat(socket.getInputStream().read()).isEqualTo('x');
                accepted.get().close();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void close_whileAnotherThreadReads_endsTheRead() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<Socket> accepted = threads.submit(server::accept);
            Socket socket = near.connect(new InetSocketAddress(HOME, server.getLocalPort()), SOON);
            accepted.get();
            InputStream in = socket.getInputStream();
            Future<Integer> reader = threads.submit(() -> in.read());
            socket.close();

            assertThatThrownBy(() -> reader.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(SocketException.class);
        }
    }

    @Test
    void close_ofTheTunnelRightAfterWriting_loseNothing() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<String> heard = threads.submit(() -> answer(server, ""));
            try (Socket socket = near.connect(new InetSocketAddress(HOME, server.getLocalPort()), SOON)) {
                socket.getOutputStream().write(new byte[100_000]);
            }
            near.close();
            assertThat(heard.get()).hasSize(100_000);
            assertThatThrownBy(() -> near.connect(new InetSocketAddress(HOME, 9), SOON))
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("tunnel is closed");
        }
    }

    @Test
    void peerVanishes_openConnection_isReset() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<Socket> accepted = threads.submit(server::accept);
            try (Socket socket = near.connect(new InetSocketAddress(HOME, server.getLocalPort()), SOON)) {
                accepted.get();
                far.close();
                assertThatThrownBy(() -> socket.getInputStream().read())
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining("reset");
            }
        }
    }

    @Test
    void interrupt_ofAVirtualThread_closesItsSocket() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<Socket> accepted = threads.submit(server::accept);
            Socket socket = near.connect(new InetSocketAddress(HOME, server.getLocalPort()), SOON);
            accepted.get();
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    socket.getInputStream().read();
                } catch (IOException _) {
                    // Expected: closed by the interrupt.
                }
            });
            reader.interrupt();
            reader.join(20_000);
            assertThat(socket.isClosed()).isTrue();
        }
    }

    @Test
    void socketFactory_addressLiteral_connects() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<String> heard = threads.submit(() -> answer(server, "x"));
            try (Socket socket = near.socketFactory().createSocket("10.77.0.2", server.getLocalPort())) {
                socket.shutdownOutput();
                assertThat(socket.getInputStream().read()).isEqualTo('x');
            }
            assertThat(heard.get()).isEmpty();
        }
        assertThatThrownBy(() -> near.socketFactory().createSocket("home.example", 80))
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("not resolved inside the tunnel");
    }

    @Test
    void listen_onATakenPort_saysSo() throws Exception {
        try (ServerSocket _ = far.listen(7)) {
            assertThatThrownBy(() -> far.listen(7)).isInstanceOf(BindException.class);
        }
    }

    @Test
    void options_ofTheJdksSocket_areTaken() throws Exception {
        try (ServerSocket server = far.listen(0)) {
            Future<Socket> accepted = threads.submit(server::accept);
            try (Socket socket = near.connect(new InetSocketAddress(HOME, server.getLocalPort()), SOON)) {
                socket.setTcpNoDelay(true);
                socket.setKeepAlive(true);
                socket.setSoLinger(true, 3);
                socket.setReceiveBufferSize(4096);
                assertThat(socket.getTcpNoDelay()).isTrue();
                assertThat(socket.getKeepAlive()).isTrue();
                assertThat(socket.getLocalAddress()).isEqualTo(InetAddress.ofLiteral("10.77.0.1"));
                assertThat(accepted.get().getPort()).isEqualTo(socket.getLocalPort());
                assertThat(accepted.get().getInetAddress()).isEqualTo(socket.getLocalAddress());
                assertThatThrownBy(() -> socket.sendUrgentData(1)).isInstanceOf(SocketException.class);
            }
        }
    }

    @Test
    void datagrams_askAndAnswer_andTimeOut() throws Exception {
        try (TunnelDatagrams server = far.datagrams(53);
                TunnelDatagrams client = near.datagrams(0)) {
            client.send(ByteBuffer.wrap("ask".getBytes(UTF_8)), new InetSocketAddress(HOME, 53));
            ByteBuffer got = ByteBuffer.allocate(2000);
            InetSocketAddress from = server.receive(got, SOON);
            assertThat(from).isEqualTo(new InetSocketAddress("10.77.0.1", client.port()));
            server.send(got.flip(), from);
            assertThat(client.receive(ByteBuffer.allocate(2), null)).isEqualTo(new InetSocketAddress(HOME, 53));
            assertThatThrownBy(() -> client.receive(got, Duration.ofMillis(20)))
                    .isInstanceOf(SocketTimeoutException.class);
            assertThatThrownBy(() -> client.send(ByteBuffer.allocate(1500), from))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void open_endpointNotResolved_saysWhich() {
        PeerConfig unresolved =
                peer(farKey, InetSocketAddress.createUnresolved("vps.example.invalid", 51820), "10.77.0.0/24");

        assertThatThrownBy(() -> Tunnel.open(TunnelSettings.of(nearKey, HOME, unresolved)))
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("vps.example.invalid");
    }
}
