package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.Service;
import dev.culvert.model.decide.TargetState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Services of TCP with several targets and with limits, through a whole gateway and a site.
@Timeout(60)
class Layer4RoadTest {
    private static final int MIB = 1 << 20;

    private static RawBackend named(String name) throws IOException {
        return new RawBackend((wire, _) -> {
            wire.send(name);
            wire.readAll();
        });
    }

    private static Road open(String more, int... ports) throws Exception {
        List<String> targets = new ArrayList<>();
        StringBuilder allow = new StringBuilder("clients: [127.0.0.0/8]\nallow:\n");
        for (int port : ports) {
            targets.add("\"tcp://127.0.0.1:" + port + "\"");
            allow.append("  - \"127.0.0.1:").append(port).append("\"\n");
        }
        String service = """
                  many:
                    listen: 127.0.0.2:7002/tcp
                    site: home
                    target: [%s]
                """.formatted(String.join(", ", targets)).indent(2);
        return Road.open(service + more.indent(6), allow.toString());
    }

    private static Wire from(String address, Road road) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
        socket.connect(road.gateway().at("127.0.0.2"), 5_000);
        return new Wire(socket);
    }

    private static String whoAnswers(Road road, String address) throws IOException {
        try (Wire wire = from(address, road)) {
            return wire.read(1);
        }
    }

    private static TargetState target(Road road, int index) {
        Service service =
                Objects.requireNonNull(road.gateway().node().model().services().get("many"));
        return road.gateway().node().targets(service).get(index);
    }

    private static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @Test
    void roundRobin_asksEachInTurn_andLeavesADeadOneAtOnce() throws Exception {
        try (RawBackend a = named("a");
                RawBackend b = named("b");
                Road road = open("", a.port(), b.port(), RawBackend.unused())) {
            List<String> who = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                who.add(whoAnswers(road, "127.0.0.1"));
            }

            assertThat(who).containsOnly("a", "b");
            assertThat(Set.copyOf(who)).hasSize(2);
            assertThat(target(road, 2).why()).isNotNull();
        }
    }

    @Test
    void leastConnections_goesWhereFewestAre() throws Exception {
        try (RawBackend a = named("a");
                RawBackend b = named("b");
                Road road = open("balance: least-connections", a.port(), b.port());
                Wire first = from("127.0.0.1", road);
                Wire second = from("127.0.0.1", road)) {
            Set<String> both = new TreeSet<>(List.of(first.read(1), second.read(1)));
            assertThat(both).containsExactly("a", "b");
            try (Wire third = from("127.0.0.1", road)) {
                String busy = third.read(1);
                String idle = busy.equals("a") ? "b" : "a";
                assertThat(whoAnswers(road, "127.0.0.1")).isEqualTo(idle);
            }
        }
    }

    @Test
    void source_keepsAVisitorAtItsTarget_untilThatDies() throws Exception {
        RawBackend a = named("a");
        try (RawBackend b = named("b");
                Road road = open("balance: source", a.port(), b.port())) {
            Set<String> all = new TreeSet<>();
            for (int i = 1; i <= 20; i++) {
                String first = whoAnswers(road, "127.0.0." + i);
                all.add(first);
                assertThat(whoAnswers(road, "127.0.0." + i)).isEqualTo(first);
            }
            assertThat(all).containsExactly("a", "b");

            a.close();

            for (int i = 1; i <= 20; i++) {
                assertThat(whoAnswers(road, "127.0.0." + i)).isEqualTo("b");
            }
        }
    }

    @Test
    void visitorWithTooMany_isTurnedAway_butNotWhoSpeaksForOthers() throws Exception {
        try (RawBackend target = named("a");
                Road road = Road.open(
                        """
                          many:
                            listen: 127.0.0.2:7002/tcp
                            site: home
                            target: tcp://127.0.0.1:%d
                            proxy-protocol: {require: 127.0.0.51}
                        """.formatted(target.port()).indent(2),
                        "http: {listen: \"127.0.0.1:80\"}\nlimits: {connections-per-visitor: 2}\n",
                        "clients: [127.0.0.0/8]\nallow: [\"127.0.0.1:" + target.port() + "\"]\n");
                Wire first = from("127.0.0.1", road);
                Wire second = from("127.0.0.1", road)) {
            assertThat(first.read(1) + second.read(1)).isEqualTo("aa");

            assertThatThrownBy(() -> whoAnswers(road, "127.0.0.1")).hasMessageContaining("reset");
            assertThat(road.counter("denied.too-many")).isEqualTo(1);
            assertThat(target.accepted()).isEqualTo(2);

            List<Wire> behind = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                Wire wire = from("127.0.0.51", road);
                behind.add(wire);
                wire.send("PROXY TCP4 203.0.113." + i + " 192.0.2.1 1234 443\r\n");
                assertThat(wire.read(1)).isEqualTo("a");
            }
            for (Wire wire : behind) {
                wire.close();
            }
        }
    }

    @Test
    void healthDialogue_whatIsExpected_decides() throws Exception {
        RawBackend.Script redis = (wire, number) -> {
            if (wire.readUntil("\r\n").equals("PING\r\n")) {
                wire.send(number % 2 == 1 ? "+PO" : "+P").send(number % 2 == 1 ? "NG\r\n" : "ONG\r\n");
            }
            wire.readAll();
        };
        RawBackend.Script loading = (wire, _) -> {
            wire.readUntil("\r\n");
            wire.send("-LOADING\r\n");
            wire.readAll();
        };
        try (RawBackend well = new RawBackend(redis);
                RawBackend sick = new RawBackend(loading);
                Road road = open(
                        "health: {interval: 1, send: \"PING\\r\\n\", expect: \"+PONG\"}", well.port(), sick.port())) {
            until(() -> target(road, 1).health(System.nanoTime()) == TargetState.Health.DOWN);

            assertThat(target(road, 1).why()).contains("no answer within");
            assertThat(target(road, 0).health(System.nanoTime())).isEqualTo(TargetState.Health.UP);
        }
    }

    @Test
    void healthDialogue_withTls_findsATargetThatSpeaksNone() throws Exception {
        try (RawBackend plain = named("220 no TLS here\r\n");
                Road road = open("health: {interval: 1, tls: true}", plain.port())) {
            until(() -> target(road, 0).health(System.nanoTime()) == TargetState.Health.DOWN);

            assertThat(target(road, 0).why()).contains("TLS");
        }
    }

    @Test
    void bandwidth_boundsWhatAVisitorGets_andEveryByteArrives() throws Exception {
        byte[] sent = new byte[3 * MIB];
        new Random(5).nextBytes(sent);
        RawBackend.Script source = (wire, _) -> {
            wire.send(sent);
            wire.endOutput();
            wire.readAll();
        };
        try (RawBackend target = new RawBackend(source);
                Road road = open("access: {bandwidth: 1 MiB/s}", target.port());
                Wire visitor = from("127.0.0.1", road)) {
            long start = System.nanoTime();
            byte[] got = visitor.input().readAllBytes();

            assertThat(Arrays.equals(got, sent)).isTrue();
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(2_700));
        }
    }

    @Test
    void bandwidth_boundsWhatAVisitorSends_alsoWhenItEndsAtOnce() throws Exception {
        byte[] sent = new byte[2 * MIB];
        new Random(6).nextBytes(sent);
        try (RawBackend target = RawBackend.echo();
                Road road = open("access: {total-bandwidth: 1 MiB/s}", target.port());
                Wire visitor = from("127.0.0.1", road)) {
            long start = System.nanoTime();
            Thread.ofVirtual().start(() -> {
                try {
                    visitor.send(sent).endOutput();
                } catch (IOException visible) {
                    // The bytes that come back are too few.
                }
            });
            byte[] got = visitor.input().readAllBytes();

            assertThat(Arrays.equals(got, sent)).isTrue();
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1_750));
        }
    }

    /// A target of the gateway itself, so that the kernel moves the bytes as soon as they are many.
    @Test
    void bandwidth_ofASplicedConnection_holdsBothWays() throws Exception {
        byte[] sent = new byte[3 * MIB];
        new Random(7).nextBytes(sent);
        try (RawBackend target = RawBackend.echo();
                Road road = Road.open("""
                            near:
                              listen: 127.0.0.2:7002/tcp
                              site: here
                              target: tcp://127.0.0.1:%d
                              access: {bandwidth: 1 MiB/s}
                        """.formatted(target.port()), "allow: []\n");
                Wire visitor = from("127.0.0.1", road)) {
            long start = System.nanoTime();
            Thread.ofVirtual().start(() -> {
                try {
                    visitor.send(sent);
                    visitor.endOutput();
                } catch (IOException visible) {
                    // The bytes that come back are too few.
                }
            });
            byte[] got = visitor.input().readAllBytes();

            assertThat(Arrays.equals(got, sent)).isTrue();
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(2_700));
            assertThat(Objects.requireNonNull(
                                    road.gateway().node().connections().splices())
                            .count()
                            .bytes())
                    .isGreaterThan(MIB / 2);
        }
    }

    @Test
    void bandwidth_ofAnHttpService_boundsItsBodies() throws Exception {
        RawBackend.Script server = (wire, _) -> {
            while (!wire.readHead().isEmpty()) {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + 2 * MIB + "\r\n\r\n")
                        .send(new byte[2 * MIB]);
            }
        };
        try (RawBackend target = new RawBackend(server);
                Road road = Road.open(
                        "    web:\n      host: web.test\n      site: home\n      target: http://127.0.0.1:"
                                + target.port() + "\n      access: {bandwidth: 1 MiB/s}\n",
                        "allow: [\"127.0.0.1:" + target.port() + "\"]\n");
                Wire visitor = Wire.connect(road.gateway().at("127.0.0.1"))) {
            long start = System.nanoTime();
            visitor.send("GET / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n");

            assertThat(visitor.readAll().length()).isGreaterThan(2 * MIB);
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1_700));
        }
    }

    @Test
    void connections_ofOneVisitor_areBounded_andGivenBack() throws Exception {
        try (RawBackend target = named("a");
                Road road = open("access: {connections: 1}", target.port())) {
            try (Wire held = from("127.0.0.9", road)) {
                assertThat(held.read(1)).isEqualTo("a");
                assertThat(whoAnswers(road, "127.0.0.9")).isEmpty();
                assertThat(whoAnswers(road, "127.0.0.8")).isEqualTo("a");
            }
            until(() -> road.gateway().node().connections().size() == 0);
            assertThat(whoAnswers(road, "127.0.0.9")).isEqualTo("a");
            assertThat(road.gateway().events().counters()).containsEntry("denied.visitor-full", 1L);
        }
    }

    @Test
    void reset_behindAHalfClose_endsBothSides() throws Exception {
        CountDownLatch heard = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        RawBackend.Script silent = (wire, _) -> {
            wire.send("a");
            wire.input().readAllBytes();
            heard.countDown();
            // It has heard the end, and says nothing more.
            over.await();
        };
        try (RawBackend target = new RawBackend(silent);
                Road road = open("", target.port());
                Wire visitor = from("127.0.0.1", road)) {
            assertThat(visitor.read(1)).isEqualTo("a");
            visitor.endOutput();
            assertThat(heard.await(10, TimeUnit.SECONDS)).isTrue();

            visitor.reset();

            until(() -> road.gateway().node().connections().size() == 0);
            until(() -> road.site().node().connections().size() == 0);
            over.countDown();
        }
    }
}
