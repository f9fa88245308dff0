package dev.culvert.control.upgrade;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.PeerMemory;
import dev.culvert.control.Reloader;
import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.StateFolder;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.InheritedSockets;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.os.DescriptorSocket;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A gateway on loopback that hands over to what a test makes of the new process: a sleeping one, whose part in
/// the talk is played by a thread.
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class HandoverTest {
    private static final Successor.Limits LIMITS =
            new Successor.Limits(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2));

    private final PrivateKey key = PrivateKey.generate(new SecureRandom());
    private final Loops loops = Loops.forThisMachine();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private StateFolder state;
    private Node node;
    private Handover handover;
    private CompletableFuture<Void> played = CompletableFuture.completedFuture(null);
    private Process process;

    /// What the new process does before it dies.
    enum Death {
        BEFORE_IT_CALLS,
        AFTER_CALLING,
        AFTER_HELLO,
        WHILE_IT_PREPARES
    }

    @FunctionalInterface
    private interface Part {
        void play(Path socket) throws Exception;
    }

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        process = new ProcessBuilder("true").start();
        // A configuration cannot ask for any port, and the reload behind a failure must find what it found before.
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path file = Files.writeString(folder.resolve("gateway.yaml"), "http: {listen: \"127.0.0.1:" + port + "\"}\n");
        state = new StateFolder(folder.resolve("state"));
        state.lock();
        Store store = state.store();
        Configuration configuration = new Configuration(Role.GATEWAY, file, false, store);
        Model model = configuration.load().orThrow();
        WireGuardTunnel tunnel = WireGuardTunnel.open(
                loops.tunnel(),
                new WireGuardTunnel.Settings(key, model.tunnel().addresses(), 1420),
                loops.bindUdp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                new JdkCrypto());
        Admission admission = new Admission(Limits.DEFAULT, new BanTable(), 1, System.nanoTime());
        Node.Parts parts = new Node.Parts(
                loops,
                tunnel,
                admission,
                new Events(),
                workers,
                scheduler,
                name -> {
                    throw new IOException(name);
                },
                _ -> {});
        node = new Node(parts, model);
        node.apply(model);
        handover = new Handover(
                state,
                node,
                new Reloader(node, configuration, scheduler),
                new PeerMemory(node, store, scheduler),
                request -> Response.json("{\"path\":\"" + request.path() + "\"}"),
                LIMITS);
        handover.serveAdmin();
    }

    @AfterEach
    void stop() throws Exception {
        scheduler.shutdownNow();
        node.close();
        node.tunnel().close();
        loops.close();
        workers.close();
        state.close();
        process.destroyForcibly();
    }

    private Successor.Launch playing(Part part) {
        return path -> {
            process = new ProcessBuilder("sleep", "60").start();
            played = CompletableFuture.runAsync(
                    () -> {
                        try {
                            part.play(path);
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    workers);
            return process;
        };
    }

    private Predecessor call(Path socket) throws IOException {
        return Predecessor.connect(socket, DescriptorSocket.ownUser());
    }

    private void playUntil(Death death, Path socket) throws Exception {
        if (death == Death.BEFORE_IT_CALLS) {
            process.destroyForcibly();
            return;
        }
        try (Predecessor before = call(socket)) {
            if (death.compareTo(Death.AFTER_HELLO) >= 0) {
                before.greet("9.9", Role.GATEWAY);
            }
            if (death == Death.WHILE_IT_PREPARES) {
                before.refuse("the disk is full");
            }
        }
    }

    private void assertServes() throws Exception {
        assertThat(new AdminClient(state.adminSocket()).call("GET", "/still-there", Map.of()))
                .containsEntry("path", "/still-there");
        assertThatThrownBy(() -> new StateFolder(state.path()).lock()).hasMessageContaining("already runs");
        assertThat(node.tunnel().status().get(2, TimeUnit.SECONDS)).isEmpty();
        assertThat(visit()).startsWith("HTTP/1.1 404");
    }

    private String visit() throws IOException {
        try (Socket visitor = new Socket()) {
            visitor.connect(node.listening().getFirst(), 2_000);
            visitor.setSoTimeout(5_000);
            visitor.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
            return new String(visitor.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    @ParameterizedTest
    @EnumSource(Death.class)
    void handOver_theNewProcessDies_theOldOneGoesOn(Death death) throws Exception {
        assertThatThrownBy(() -> handover.handOver(playing(socket -> playUntil(death, socket)), Duration.ofSeconds(1)))
                .isInstanceOf(IOException.class);

        assertServes();
        assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void handOver_theNewProcessDiesWithTheSockets_theOldOneTakesStateAndVisitorsBack() throws Exception {
        assertThatThrownBy(() -> handover.handOver(
                        playing(socket -> {
                            try (Predecessor before = call(socket)) {
                                before.greet("9.9", Role.GATEWAY);
                                before.takeOver(Duration.ofSeconds(5)).close();
                            }
                        }),
                        Duration.ofSeconds(1)))
                .hasMessageContaining("ended in the middle");

        assertServes();
    }

    @Test
    void handOver_theNewProcessSaysNothingOnceItHasTheSockets_theOldOneTakesThemBackInTime() throws Exception {
        CompletableFuture<Void> over = new CompletableFuture<>();

        assertThatThrownBy(() -> handover.handOver(
                        playing(socket -> {
                            try (Predecessor before = call(socket)) {
                                before.greet("9.9", Role.GATEWAY);
                                before.takeOver(Duration.ofSeconds(5)).close();
                                over.get(10, TimeUnit.SECONDS);
                            }
                        }),
                        Duration.ofSeconds(1)))
                .hasMessageContaining("said nothing in time");

        over.complete(null);
        assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
        assertServes();
    }

    @Test
    void handOver_theNewProcessRefuses_saysItsReason() {
        assertThatThrownBy(() -> handover.handOver(
                        playing(socket -> playUntil(Death.WHILE_IT_PREPARES, socket)), Duration.ofSeconds(1)))
                .hasMessageContaining("the disk is full");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello",
                "culvert-handover\nready\n",
                "culvert-handover\nprepared\n",
                "culvert-handover\nhello\nspeaks 7\nprogram 9\nrole gateway\n",
                "culvert-handover\nhello\nspeaks 1\nprogram 9\nrole site\n"
            })
    void handOver_theNewProcessSaysSomethingElse_theOldOneGoesOn(String text) throws Exception {
        assertThatThrownBy(() -> handover.handOver(
                        playing(socket -> {
                            try (DescriptorSocket raw = DescriptorSocket.connect(socket)) {
                                raw.send(text, List.of());
                                raw.limit(2_000);
                                raw.receive();
                            }
                        }),
                        Duration.ofSeconds(1)))
                .isInstanceOf(HandoverLine.Broken.class);

        assertServes();
    }

    @Test
    void handOver_toAProcessOfAnotherVersionOfTheHandover_tellsItWhy() throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();

        assertThatThrownBy(() -> handover.handOver(
                        playing(socket -> {
                            try (HandoverLine line = HandoverLine.connect(socket, "old")) {
                                line.send(new HandoverMessage.Hello(List.of(2, 3), "9.9", "gateway"));
                                line.receive(Duration.ofSeconds(2));
                            } catch (HandoverLine.Broken refused) {
                                told.complete(refused.getMessage());
                            }
                        }),
                        Duration.ofSeconds(1)))
                .hasMessageContaining("version [2, 3] of the handover");

        assertThat(told.get(2, TimeUnit.SECONDS)).contains("this node 1");
    }

    @Test
    void start_somebodyOfAnotherUserCalls_isTurnedAway() throws Exception {
        int another = DescriptorSocket.ownUser() + 1;

        assertThatThrownBy(() -> Successor.start(
                        state.handoverSocket(),
                        playing(socket -> {
                            try (HandoverLine line = HandoverLine.connect(socket, "old")) {
                                line.send(new HandoverMessage.Prepared());
                                line.receive(Duration.ofSeconds(3));
                            } catch (IOException closed) {
                                // As it should be, be it at the first word or while waiting for an answer.
                            }
                        }),
                        another,
                        Duration.ofSeconds(1)))
                .hasMessageContaining("did not call within 1 s");

        assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
        played.get(5, TimeUnit.SECONDS);
    }

    @Test
    void connect_toAnotherUsersNode_refuses() throws Exception {
        try (DescriptorSocket listener = DescriptorSocket.listen(state.handoverSocket())) {
            assertThatThrownBy(() -> Predecessor.connect(state.handoverSocket(), DescriptorSocket.ownUser() + 1))
                    .hasMessageContaining("hands over to its own user");
            listener.accept().close();
        }
    }

    @Test
    void handOver_whenAllGoesWell_givesSocketsAndStateAway() throws Exception {
        CompletableFuture<InheritedSockets> taken = new CompletableFuture<>();
        StateFolder next = new StateFolder(state.path());

        Handover.Outcome outcome = handover.handOver(
                playing(socket -> {
                    try (Predecessor before = call(socket)) {
                        before.greet("9.9", Role.GATEWAY);
                        taken.complete(before.takeOver(Duration.ofSeconds(5)));
                        next.lock();
                        before.ready();
                    }
                }),
                Duration.ofSeconds(1));

        assertThat(outcome.program()).isEqualTo("9.9");
        assertThat(outcome.quiet()).isTrue();
        assertThat(process.isAlive()).isTrue();
        played.get(2, TimeUnit.SECONDS);
        // Who comes now waits for the new process, refused by nobody.
        try (Socket visitor = new Socket()) {
            visitor.connect(node.listening().getFirst(), 2_000);
            assertThat(visitor.isConnected()).isTrue();
        }
        assertThat(Files.exists(state.adminSocket())).isFalse();
        taken.get(2, TimeUnit.SECONDS).close();
        next.close();
    }

    @Test
    void upgrade_askedOfANodeThatIsPartOfAnotherProgram_isRefused() throws Exception {

        assertThatThrownBy(() -> new AdminClient(state.adminSocket())
                        .call("POST", "/upgrade", Map.of("program", "/bin/true", "drainMillis", 10)))
                .hasMessageContaining("part of another program")
                .hasMessageContaining("goes on as before");
        assertServes();
    }

    @Test
    void upgrade_withArgumentsThatMakeNoSense_isRefused() throws Exception {
        handover.allow(List.of("gateway"), _ -> {});
        AdminClient client = new AdminClient(state.adminSocket());

        assertThatThrownBy(() -> client.call("POST", "/upgrade", Map.of("program", "/bin/true", "drainMillis", 90_000)))
                .hasMessageContaining("drainMillis from 0 to 60000");
        assertThatThrownBy(() -> client.call("POST", "/upgrade", Map.of("program", "/bin/false", "drainMillis", 0)))
                .hasMessageContaining("the new process ended with 1 before it took over");
        assertServes();
    }
}
