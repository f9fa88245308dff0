package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.Bind;
import dev.culvert.model.Limits;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.BanTable;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.Router;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A gateway and a site as whole nodes: what a visitor meets, what a lying gateway meets, and what a reload does.
@Timeout(30)
class RoadTest {
    private static final String LOOPBACK_CLIENTS = "clients: [127.0.0.0/8]\n";

    @Test
    void tcpVisitor_getsEveryByteBackAndKeepsItsHalfClose() throws Exception {
        byte[] sent = new byte[8 << 20];
        new Random(11).nextBytes(sent);
        try (RawBackend target = RawBackend.echo();
                Road road = Road.open(tcp("echo", 2, target.port(), ""), allow(target.port()) + LOOPBACK_CLIENTS);
                Wire visitor = Wire.connect(road.gateway().at("127.0.0.2"))) {
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                try {
                    visitor.send(sent).endOutput();
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });

            byte[] received = visitor.input().readAllBytes();

            writing.get(5, TimeUnit.SECONDS);
            assertThat(Arrays.equals(sent, received)).isTrue();
            assertThat(road.gateway().node().connections().traffic())
                    .hasEntrySatisfying(
                            "echo", sum -> assertThat(sum.receivedBytes()).isEqualTo(sent.length));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "192.168.1.5", "10.77.0.9", "10.77.0.2", "169.254.1.1", "::1", "fd00::1"})
    void gatewayThatLiesAboutTheClient_isRefusedByTheSite(String lie) throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road =
                        Road.open(tcp("echo", 2, target.port(), "client-address: proxy-v2"), allow(target.port()))) {
            InetAddress claimed = InetAddress.ofLiteral(lie);
            InetSocketAddress door =
                    new InetSocketAddress(claimed.getAddress().length == 4 ? "198.51.100.1" : "2001:db8::1", 22);

            assertThatThrownBy(() -> dial(road, new Dialer.Visitor(new InetSocketAddress(claimed, 4711), door)))
                    .cause()
                    .isInstanceOfSatisfying(
                            DialException.class,
                            refused -> assertThat(refused.broken()).isEqualTo(DialException.Broken.DENIED));

            assertThat(target.accepted()).isZero();
            assertThat(road.site().events().counters()).containsEntry("hop.denied.client", 1L);
        }
    }

    @Test
    void gatewayThatTellsAPublicClient_isBelievedAndTheTargetIsTold() throws Exception {
        CompletableFuture<String> line = new CompletableFuture<>();
        try (RawBackend target = new RawBackend((wire, _) -> line.complete(wire.readUntil("\r\n")));
                Road road =
                        Road.open(tcp("echo", 2, target.port(), "client-address: proxy-v1"), allow(target.port()))) {
            dial(
                    road,
                    new Dialer.Visitor(
                            new InetSocketAddress("203.0.113.7", 4711), new InetSocketAddress("198.51.100.1", 22)));

            assertThat(line.get(5, TimeUnit.SECONDS)).isEqualTo("PROXY TCP4 203.0.113.7 198.51.100.1 4711 22\r\n");
        }
    }

    @Test
    void targetThatTheHomeDoesNotAllow_isDeniedAndSaidToTheOperator() throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road = Road.open(tcp("echo", 2, target.port(), ""), allow(1) + LOOPBACK_CLIENTS);
                Wire visitor = Wire.connect(road.gateway().at("127.0.0.2"))) {
            assertThat(visitor.readAll()).isEmpty();
            assertThat(road.gateway().events().recent())
                    .anySatisfy(event -> assertThat(event.text()).contains("allow: list"));
            assertThat(target.accepted()).isZero();
        }
    }

    @Test
    void httpVisitor_passesTheHopSharedAndPooled() throws Exception {
        RawBackend.Script script = (wire, _) -> {
            while (!wire.readHead().isEmpty()) {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        };
        try (RawBackend target = new RawBackend(script);
                Road road = Road.open(http("app", target.port()), allow(target.port()))) {
            for (int i = 0; i < 3; i++) {
                try (Wire visitor = Wire.connect(road.gateway().at("127.0.0.1"))) {
                    visitor.send("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n");
                    assertThat(visitor.readAll()).startsWith("HTTP/1.1 200").endsWith("ok");
                }
            }
            assertThat(target.accepted()).isEqualTo(1);
        }
    }

    @Test
    void httpVisitor_ofATargetThatTheHomeDoesNotAllow_gets502() throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road = Road.open(http("app", target.port()), allow(1));
                Wire visitor = Wire.connect(road.gateway().at("127.0.0.1"))) {
            visitor.send("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n");

            assertThat(visitor.readAll()).startsWith("HTTP/1.1 502").doesNotContain("allow");
        }
    }

    @Test
    void apply_hundredAdditionsAndRemovals_leavesLiveConnectionsAlone() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            String fixed = tcp("echo", 2, target.port(), "");
            try (Road road = Road.open(fixed, allow(target.port()) + LOOPBACK_CLIENTS);
                    Wire one = Wire.connect(road.gateway().at("127.0.0.2"));
                    Wire two = Wire.connect(road.gateway().at("127.0.0.2"));
                    Wire three = Wire.connect(road.gateway().at("127.0.0.2"))) {
                for (int i = 0; i < 100; i++) {
                    String added = tcp("extra", 3 + i, target.port(), "") + http("web" + i, target.port());
                    road.services(i % 2 == 0 ? fixed + added : fixed);
                    for (Wire wire : new Wire[] {one, two, three}) {
                        assertThat(wire.send("ping" + i % 10).read(5)).isEqualTo("ping" + i % 10);
                    }
                }
                road.services(fixed);
                assertThat(road.gateway().node().listening()).hasSize(2);
            }
        }
    }

    @Test
    void apply_removedService_drains() throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road = Road.open(
                        tcp("stays", 2, target.port(), "") + tcp("goes", 3, target.port(), ""),
                        allow(target.port()) + LOOPBACK_CLIENTS);
                Wire stays = Wire.connect(road.gateway().at("127.0.0.2"));
                Wire goes = Wire.connect(road.gateway().at("127.0.0.3"))) {
            assertThat(goes.send("ping").read(4)).isEqualTo("ping");

            road.services(tcp("stays", 2, target.port(), ""));

            assertThat(stays.send("ping").read(4)).isEqualTo("ping");
            assertThat(goes.send("ping").read(4)).isEqualTo("ping");
            assertThat(road.gateway().node().listening()).hasSize(2);
        }
    }

    @Test
    void apply_portThatIsTaken_isRefusedWithItsNumberAndTheOldModelHolds() throws Exception {
        try (RawBackend target = RawBackend.echo();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.9"));
                Road road = Road.open(tcp("echo", 2, target.port(), ""), allow(target.port()) + LOOPBACK_CLIENTS);
                Wire live = Wire.connect(road.gateway().at("127.0.0.2"))) {
            Node node = road.gateway().node();
            Model before = node.model();
            node.portHolders(port -> port == taken.getLocalPort() ? "nginx (process 4711)" : null);
            Model wanted = withListener(before, new Bind(InetAddress.ofLiteral("127.0.0.9"), taken.getLocalPort()));

            assertThatThrownBy(() -> node.apply(wanted))
                    .hasMessageContaining("port " + taken.getLocalPort())
                    .hasMessageContaining("already in use by nginx (process 4711)");

            assertThat(node.model()).isEqualTo(before);
            assertThat(node.listening()).hasSize(2);
            assertThat(live.send("ping").read(4)).isEqualTo("ping");
        }
    }

    @Test
    void apply_narrowedPolicy_cutsExactlyWhoIsDeniedNow() throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road = Road.open(
                        tcp("one", 2, target.port(), "") + tcp("two", 3, target.port(), ""),
                        allow(target.port()) + LOOPBACK_CLIENTS);
                Wire denied = from("127.0.0.50", road.gateway().at("127.0.0.2"));
                Wire allowed = from("127.0.0.60", road.gateway().at("127.0.0.2"));
                Wire elsewhere = from("127.0.0.50", road.gateway().at("127.0.0.3"))) {
            for (Wire wire : new Wire[] {denied, allowed, elsewhere}) {
                assertThat(wire.send("ping").read(4)).isEqualTo("ping");
            }

            road.services(
                    tcp("one", 2, target.port(), "access: {deny: [127.0.0.50]}") + tcp("two", 3, target.port(), ""));

            assertThat(denied.readAll()).isEmpty();
            assertThat(allowed.send("ping").read(4)).isEqualTo("ping");
            assertThat(elsewhere.send("ping").read(4)).isEqualTo("ping");
            try (Wire again = from("127.0.0.50", road.gateway().at("127.0.0.2"))) {
                assertThat(again.readAll()).isEmpty();
            }
        }
    }

    @Test
    void visitorsConnection_leavesTheRegistryWhenItEnds() throws Exception {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        RawBackend.Script script = (wire, _) -> {
            wire.send("hello");
            wire.readAll();
            gone.complete(null);
        };
        try (RawBackend target = new RawBackend(script);
                Road road = Road.open(tcp("echo", 2, target.port(), ""), allow(target.port()) + LOOPBACK_CLIENTS)) {
            Wire visitor = Wire.connect(road.gateway().at("127.0.0.2"));
            assertThat(visitor.read(5)).isEqualTo("hello");
            assertThat(road.gateway().node().connections().size()).isEqualTo(1);

            visitor.close();

            gone.get(5, TimeUnit.SECONDS);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
            while (road.gateway().node().connections().size() > 0 && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(road.gateway().node().connections().size()).isZero();
        }
    }

    /// A dial as a gateway makes it that says of the visitor what it likes.
    private static Channel dial(Road road, Dialer.Visitor visitor) throws ExecutionException, Exception {
        TestNode gateway = road.gateway();
        Model model = gateway.node().model();
        Listener tcp = model.listeners().stream()
                .filter(listener -> listener.service() != null)
                .findFirst()
                .orElseThrow();
        Admission admission = new Admission(Limits.DEFAULT, new BanTable(), 1, 0);
        Admitted admitted = (Admitted) admission.accept(InetAddress.ofLiteral("203.0.113.7"), 0);
        Permit permit = (Permit) admission.permit(admitted, (Routed) new Router(model).route(tcp), 0);
        Dialer dialer = new Dialer(
                gateway.tunnel(),
                new TargetDialer(
                        gateway.loops().connections(), gateway.loops().transparentConnections(), Runnable::run));
        return dialer.dial(
                        permit,
                        permit.service().targets().getFirst(),
                        visitor,
                        gateway.loops().tunnel())
                .get(8, TimeUnit.SECONDS);
    }

    private static Wire from(String address, InetSocketAddress to) throws Exception {
        java.net.Socket socket = new java.net.Socket();
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
        socket.connect(to, 3_000);
        return new Wire(socket);
    }

    private static Model withListener(Model model, Bind bind) {
        java.util.List<Listener> listeners = new java.util.ArrayList<>(model.listeners());
        listeners.add(new Listener(Listener.Scope.PUBLIC, bind, Listener.Protocol.TCP, "echo"));
        return new Model(
                model.name(),
                Role.GATEWAY,
                model.tunnel(),
                model.sites(),
                model.gateways(),
                listeners,
                model.services(),
                model.rules());
    }

    private static String tcp(String name, int address, int target, String more) {
        return """
                  %s:
                    listen: 127.0.0.%d:%d/tcp
                    site: home
                    target: tcp://127.0.0.1:%d
                """.formatted(name, address, 7000 + address, target).indent(2)
                + (more.isEmpty() ? "" : "      " + more + "\n");
    }

    private static String http(String name, int target) {
        return "    %s:\n      host: %s.test\n      site: home\n      target: http://127.0.0.1:%d\n"
                .formatted(name, name, target);
    }

    private static String allow(int port) {
        return "allow: [\"127.0.0.1:" + port + "\"]\n";
    }
}
