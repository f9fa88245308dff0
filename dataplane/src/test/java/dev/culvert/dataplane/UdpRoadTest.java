package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.Udp;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Services of datagrams from a visitor to a target, through a gateway and a Culvert site as whole nodes.
@Timeout(60)
class UdpRoadTest {
    private static final String LOOPBACK_CLIENTS = "clients: [127.0.0.0/8]\n";

    @Test
    void visitor_getsItsAnswers_andEachHasAFlowOfItsOwn() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = open(target, "");
                Udp one = Udp.visitor();
                Udp other = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");

            assertThat(one.ask(door, "first")).isEqualTo("first");
            assertThat(one.ask(door, "second")).isEqualTo("second");
            assertThat(other.ask(door, "third")).isEqualTo("third");

            InetSocketAddress first = target.sources().take();
            assertThat(target.sources().take()).isEqualTo(first);
            assertThat(target.sources().take()).isNotEqualTo(first);
            assertThat(road.gateway().node().connections().traffic())
                    .hasEntrySatisfying("game", sum -> assertThat(sum.live()).isEqualTo(2));
            assertThat(road.site().node().connections().traffic())
                    .hasEntrySatisfying(
                            "udp://127.0.0.1:" + target.port(),
                            sum -> assertThat(sum.live()).isEqualTo(2));
        }
    }

    @Test
    void datagrams_ofEverySizeThatFitsOnePacket_passUnchanged_andLargerOnesAreCounted() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = open(target, "udp: {reply-limit: off}");
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");
            Random random = new Random(3);
            // The first one does not fit beside the request: it travels behind it.
            for (int size : new int[] {1392, 1200, 1, 1391, 1300, 1350}) {
                byte[] sent = new byte[size];
                random.nextBytes(sent);
                assertThat(Arrays.equals(visitor.send(door, sent).receive(), sent))
                        .as("%d bytes", size)
                        .isTrue();
            }

            visitor.send(door, new byte[1393]);

            assertThat(visitor.ask(door, "still here")).isEqualTo("still here");
            assertThat(road.counter("udp.dropped.NOT_SENT")).isEqualTo(1);
        }
    }

    @Test
    void answers_areNoMoreThanThreeTimesWhatCame_untilTheVisitorAnswers() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes.length == 10 ? new byte[31] : new byte[30]);
                Road road = open(target, "");
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");

            visitor.send(door, new byte[10]);
            Road.until(() -> road.counter("udp.dropped.REPLY_LIMIT") == 1);

            // Eleven more bytes: 30 of at most 63. It is answered, so the next one proves the visitor.
            assertThat(visitor.send(door, new byte[11]).receive()).hasSize(30);
            assertThat(visitor.send(door, new byte[10]).receive()).hasSize(31);
        }
    }

    @Test
    void datagrams_fasterThanTheBandwidth_areLost_andTheOthersPass() throws Exception {
        try (Udp target = Udp.target(bytes -> new byte[0]);
                Road road = open(target, "access: {bandwidth: 1 KiB/s}");
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");

            for (int i = 0; i < 200; i++) {
                visitor.send(door, new byte[1000]);
            }

            Road.until(() -> road.counter("udp.dropped.BANDWIDTH") > 100);
            assertThat(target.sources().poll(5, TimeUnit.SECONDS)).isNotNull();
        }
    }

    @Test
    void site_refusesWhatIsNotOnItsList_andTheGatewaySaysSo() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                // The rule without /udp is for connections.
                Road road = Road.open(
                        udp(target.port(), ""), "allow: [127.0.0.1:" + target.port() + "]\n" + LOOPBACK_CLIENTS);
                Udp visitor = Udp.visitor()) {
            visitor.send(road.gateway().udpAt("127.0.0.2"), "hello");

            Road.until(() -> road.counter("dial.failed") > 0);
            assertThat(target.sources()).isEmpty();
            assertThat(road.site().events().counters()).containsKey("hop.denied.target");
            Road.until(() -> road.gateway().node().connections().size() == 0);
        }
    }

    @Test
    void site_refusesClientsThatCannotBe() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = Road.open(udp(target.port(), ""), "allow: [127.0.0.1:" + target.port() + "/udp]\n");
                Udp visitor = Udp.visitor()) {
            visitor.send(road.gateway().udpAt("127.0.0.2"), "hello");

            Road.until(() -> road.counter("dial.failed") > 0);
            assertThat(target.sources()).isEmpty();
            assertThat(road.site().events().counters()).containsKey("hop.denied.client");
        }
    }

    @Test
    void proxyHeader_standsInEveryDatagram() throws Exception {
        BlockingQueue<byte[]> seen = new LinkedBlockingQueue<>();
        try (Udp target = Udp.target(bytes -> {
                    seen.add(bytes);
                    return new byte[] {'k'};
                });
                Road road = open(target, "client-address: proxy-v2");
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");

            visitor.ask(door, "one");
            visitor.ask(door, "two");

            // proxy-protocol.md: signature, 0x21, 0x12 (IPv4, datagrams), 12 bytes of addresses.
            String head = "0d0a0d0a000d0a515549540a2112000c7f0000017f000002%04x%04x"
                    .formatted(visitor.port(), door.getPort());
            assertThat(HexFormat.of().formatHex(seen.take()))
                    .isEqualTo(head
                            + HexFormat.of().formatHex("one".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
            assertThat(HexFormat.of().formatHex(seen.take())).startsWith(head);
        }
    }

    @Test
    void ban_cutsFlowsAtOnce_andReloadThoseThatAreKeptOut() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = open(target, "");
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");
            visitor.ask(door, "one");

            assertThat(road.gateway().node().connections().closeFrom(IpPrefix.parse("127.0.0.1")))
                    .isEqualTo(1);

            Road.until(() -> road.gateway().node().connections().size() == 0);
            assertThat(visitor.ask(door, "again")).isEqualTo("again");

            road.services(udp(target.port(), "access: {deny: 127.0.0.0/8}"));

            Road.until(() -> road.gateway().node().connections().size() == 0);
            visitor.send(road.gateway().udpAt("127.0.0.2"), "kept out");
            Road.until(() -> road.counter("denied.acl") > 0);
        }
    }

    @Test
    void shorterAllowList_cutsTheFlowsOfTheSite() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = open(target, "");
                Udp visitor = Udp.visitor()) {
            visitor.ask(road.gateway().udpAt("127.0.0.2"), "one");

            assertThat(road.site().node().connections().closeHopsUnless(_ -> false))
                    .isEqualTo(1);

            Road.until(() -> road.site().node().connections().size() == 0);
            // The site knows nothing of the flow any more: it says so, and the next datagram brings the request.
            assertThat(visitor.ask(road.gateway().udpAt("127.0.0.2"), "again")).isEqualTo("again");
            assertThat(road.site().events().counters()).containsKey("udp.dropped.UNKNOWN_FLOW");
        }
    }

    @Test
    void serviceHere_isServedByTheGatewaysOwnSocket() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = Road.open("""
                          game: {listen: "127.0.0.2:9/udp", site: here, target: "udp://localhost:%d"}
                        """.formatted(target.port()), "allow: []\n");
                Udp visitor = Udp.visitor()) {
            assertThat(visitor.ask(road.gateway().udpAt("127.0.0.2"), "hello")).isEqualTo("hello");
        }
    }

    @Test
    void targetThatIsNotThere_isToldToTheGateway() throws Exception {
        int closed;
        try (Udp gone = Udp.visitor()) {
            closed = gone.port();
        }
        try (Road road = Road.open(udp(closed, ""), "allow: [127.0.0.1:" + closed + "/udp]\n" + LOOPBACK_CLIENTS);
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");
            visitor.send(door, "hello");

            Road.until(() -> road.counter("dial.failed") > 0);
            assertThat(road.site().events().counters()).containsKey("target.failed");
        }
    }

    private static Road open(Udp target, String more) throws Exception {
        return Road.open(udp(target.port(), more), "allow: [127.0.0.1:" + target.port() + "/udp]\n" + LOOPBACK_CLIENTS);
    }

    private static String udp(int port, String more) {
        return """
                  game:
                    listen: 127.0.0.2:9/udp
                    site: home
                    target: udp://127.0.0.1:%d
                    %s
                """.formatted(port, more);
    }
}
