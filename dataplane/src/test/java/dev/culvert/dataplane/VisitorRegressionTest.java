package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Balancing;
import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Limits;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Target;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What once went wrong between a visitor and a target of the gateway itself, with the visitors on the tunnel's loop
/// (0)
/// and on one of their own (1).
@Timeout(20)
class VisitorRegressionTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final List<AutoCloseable> open = new ArrayList<>();
    private int port;

    @FunctionalInterface
    private interface Script {
        void serve(Socket socket, int number) throws Exception;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void tcpVisitorThatResets_isAResetForTheTarget(int loops) throws Exception {
        CompletableFuture<String> seen = new CompletableFuture<>();
        start(loops, Listener.Protocol.TCP, (socket, _) -> {
            try {
                socket.getInputStream().readAllBytes();
                seen.complete("ended");
            } catch (SocketException reset) {
                seen.complete("reset");
            }
        });
        Socket visitor = visitor();
        send(visitor, "half of it");
        awaitLive();

        visitor.setSoLinger(true, 0);
        visitor.close();

        assertThat(seen.get(5, TimeUnit.SECONDS)).isEqualTo("reset");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void responseWithoutLengthThatIsReset_doesNotLookComplete(int loops) throws Exception {
        CompletableFuture<Boolean> reset = new CompletableFuture<>();
        start(loops, Listener.Protocol.HTTP, (socket, _) -> resetAfter(socket, reset));
        Socket visitor = visitor();
        send(visitor, "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
        assertThat(head(visitor)).contains("chunked");

        reset.complete(true);

        assertThat(rest(visitor)).doesNotContain("0\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void responseWithoutLengthThatIsReset_isAResetForHttp10(int loops) throws Exception {
        CompletableFuture<Boolean> reset = new CompletableFuture<>();
        start(loops, Listener.Protocol.HTTP, (socket, _) -> resetAfter(socket, reset));
        Socket visitor = visitor();
        send(visitor, "GET / HTTP/1.0\r\nHost: app.test\r\n\r\n");
        head(visitor);

        reset.complete(true);

        assertThatThrownBy(() -> visitor.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
    }

    private static void resetAfter(Socket socket, CompletableFuture<Boolean> reset) throws Exception {
        head(socket);
        send(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart");
        reset.get(5, TimeUnit.SECONDS);
        socket.setSoLinger(true, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void interimResponse_isNotForHttp10(int loops) throws Exception {
        start(loops, Listener.Protocol.HTTP, (socket, _) -> {
            head(socket);
            send(socket, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK);
        });
        Socket visitor = visitor();

        send(visitor, "GET / HTTP/1.0\r\nHost: app.test\r\n\r\n");

        assertThat(head(visitor)).startsWith("HTTP/1.1 200");
        assertThat(rest(visitor)).isEqualTo("ok");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void retryOfARequest_leavesThePipelinedOneWhole(int loops) throws Exception {
        start(loops, Listener.Protocol.HTTP, (socket, number) -> {
            int gets = 0;
            for (String head = head(socket); !head.isEmpty(); head = head(socket)) {
                if (head.startsWith("POST")) {
                    String body = new String(socket.getInputStream().readNBytes(5), StandardCharsets.ISO_8859_1);
                    send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body);
                } else if (number == 1 && ++gets == 2) {
                    return;
                } else {
                    send(socket, OK);
                }
            }
        });
        Socket visitor = visitor();
        send(visitor, "GET /warm HTTP/1.1\r\nHost: app.test\r\n\r\n");
        head(visitor);
        visitor.getInputStream().readNBytes(2);

        send(
                visitor,
                "GET /first HTTP/1.1\r\nHost: app.test\r\n\r\n"
                        + "POST /second HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello");

        assertThat(head(visitor)).startsWith("HTTP/1.1 200");
        assertThat(visitor.getInputStream().readNBytes(2)).asString().isEqualTo("ok");
        assertThat(head(visitor)).startsWith("HTTP/1.1 200");
        assertThat(visitor.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void targetThatEndsAsSoonAsItHasAccepted_isAlwaysAnswered(int loops) throws Exception {
        start(loops, Listener.Protocol.HTTP, (_, _) -> {});

        for (int i = 0; i < 200; i++) {
            try (Socket visitor = visitor()) {
                send(visitor, "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
                assertThat(head(visitor)).as("visitor %s", i).startsWith("HTTP/1.1 502");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void responseThatNobodyAskedFor_isNobodys(int loops) throws Exception {
        start(loops, Listener.Protocol.HTTP, (socket, _) -> {
            for (String head = head(socket); !head.isEmpty(); head = head(socket)) {
                send(socket, OK + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen");
            }
        });

        for (int i = 0; i < 100; i++) {
            try (Socket visitor = visitor()) {
                send(visitor, "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n");
                assertThat(head(visitor)).startsWith("HTTP/1.1 200");
                assertThat(rest(visitor)).isEqualTo("ok");
            }
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String head(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (!text.toString().endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            text.append((char) next);
        }
        return text.toString();
    }

    /// Up to the end, be it a reset.
    private static String rest(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        try {
            for (int next = socket.getInputStream().read();
                    next >= 0;
                    next = socket.getInputStream().read()) {
                text.append((char) next);
            }
        } catch (SocketException reset) {
            // An end, too.
        }
        return text.toString();
    }

    private Socket visitor() throws IOException {
        Socket socket = new Socket(LOOPBACK, port);
        socket.setSoTimeout(3000);
        return socket;
    }

    private Node node() {
        return open.stream()
                .filter(Node.class::isInstance)
                .map(Node.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private void awaitLive() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (node().connections().traffic().values().stream().noneMatch(service -> service.receivedBytes() > 0)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private void start(int visitorLoops, Listener.Protocol protocol, Script script) throws Exception {
        ServerSocket target = new ServerSocket(0, 100, LOOPBACK);
        open.add(target);
        Thread.ofVirtual().start(() -> accept(target, script));
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            port = free.getLocalPort();
        }
        System.setProperty("culvert.visitorLoops", Integer.toString(visitorLoops));
        Loops loops = Loops.forThisMachine();
        System.clearProperty("culvert.visitorLoops");
        open.add(loops);
        Model base = ModelMerge.merge(Role.GATEWAY, List.of()).orThrow();
        WireGuardTunnel tunnel = WireGuardTunnel.open(
                loops.tunnel(),
                new WireGuardTunnel.Settings(
                        PrivateKey.generate(new SecureRandom()),
                        base.tunnel().addresses(),
                        base.tunnel().mtu()),
                loops.bindUdp(new InetSocketAddress(LOOPBACK, 0)),
                new JdkCrypto());
        open.add(tunnel);
        ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
        open.add(workers);
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
        open.add(scheduler::shutdownNow);
        Admission admission = new Admission(new Limits(20_000, 20_000, 0, 1), new BanTable(), 7, System.nanoTime());
        Node node = new Node(
                new Node.Parts(
                        loops,
                        tunnel,
                        admission,
                        new Events(),
                        workers,
                        scheduler,
                        file -> {
                            throw new IOException(file);
                        },
                        _ -> {}),
                base);
        open.add(node);
        node.apply(model(base, protocol, target.getLocalPort()));
    }

    private Model model(Model base, Listener.Protocol protocol, int targetPort) {
        boolean http = protocol == Listener.Protocol.HTTP;
        Service service = new Service(
                "app",
                Origin.file("test"),
                Listener.Scope.PUBLIC,
                http ? List.of("app.test") : List.of(),
                List.of(),
                List.of(new Destination(
                        null, new Target(http ? Target.Scheme.HTTP : Target.Scheme.TCP, "127.0.0.1", targetPort))),
                ClientAddress.HEADERS,
                AccessPolicy.OPEN,
                0,
                HttpSettings.DEFAULT,
                Balancing.DEFAULT);
        Listener listener =
                new Listener(Listener.Scope.PUBLIC, new Bind(LOOPBACK, port), protocol, http ? null : "app");
        return new Model(
                "test",
                Role.GATEWAY,
                base.tunnel(),
                Map.of(),
                Map.of(),
                List.of(listener),
                Map.of("app", service),
                SiteRules.NOTHING);
    }

    private static void accept(ServerSocket server, Script script) {
        try {
            for (int number = 1; ; number++) {
                Socket socket = server.accept();
                int current = number;
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        script.serve(socket, current);
                    } catch (Exception visible) {
                        // The other end sees a connection that ends too early.
                    }
                });
            }
        } catch (IOException over) {
            // The test is.
        }
    }
}
