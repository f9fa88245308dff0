package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.Udp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A load balancer in front of a service of datagrams, which says in each of them for whom it is
/// (proxy-protocol.md §2, §3).
@Timeout(60)
class UdpProxyInTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    // 203.0.113.7:1234 to 192.0.2.1:443, and another port of the same visitor.
    private static final String VISITOR = SIGNATURE + "2112000ccb007107c000020104d201bb";
    private static final String ITS_OTHER_PORT = SIGNATURE + "2112000ccb007107c000020104d301bb";

    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    @Test
    void visitorThatIsNamed_isWhoTheTargetHears_andAnswersGoToTheSender() throws Exception {
        try (Udp target = target();
                Road road = open(target, "proxy-protocol: {optional: 127.0.0.0/8}");
                Udp front = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");

            assertThat(front.send(door, datagram(VISITOR, "one")).text()).isEqualTo("one");
            assertThat(front.send(door, datagram(VISITOR, "two")).text()).isEqualTo("two");
            assertThat(front.send(door, datagram(ITS_OTHER_PORT, "three")).text())
                    .isEqualTo("three");
            assertThat(front.ask(door, "itself")).isEqualTo("itself");

            InetSocketAddress first = target.sources().take();
            assertThat(target.sources().take()).isEqualTo(first);
            assertThat(target.sources().take()).isNotEqualTo(first);
            assertThat(seen.take()).isEqualTo(VISITOR + " one");
            assertThat(seen.take()).isEqualTo(VISITOR + " two");
            assertThat(seen.take()).isEqualTo(ITS_OTHER_PORT + " three");
            assertThat(seen.take()).startsWith(SIGNATURE + "2112000c7f000001").endsWith(" itself");
            assertThat(road.gateway().node().connections().traffic())
                    .hasEntrySatisfying("game", sum -> assertThat(sum.live()).isEqualTo(3));
        }
    }

    @Test
    void visitorThatComesByAnotherSender_keepsItsFlow() throws Exception {
        try (Udp target = target();
                Road road = open(target, "proxy-protocol: {require: 127.0.0.0/8}");
                Udp one = Udp.visitor();
                Udp other = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");

            assertThat(one.send(door, datagram(VISITOR, "one")).text()).isEqualTo("one");
            assertThat(other.send(door, datagram(VISITOR, "two")).text()).isEqualTo("two");

            assertThat(target.sources().take()).isEqualTo(target.sources().take());
        }
    }

    @Test
    void senderThatSpeaksForItself_isTheVisitor() throws Exception {
        try (Udp target = target();
                Road road = open(target, "proxy-protocol: {require: 127.0.0.0/8}");
                Udp front = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");
            // LOCAL; UNSPEC; an address of TCP's: all stand for the real ends.
            for (String header : new String[] {"20000000", "21000000", "2111000ccb007107c000020104d201bb"}) {
                assertThat(front.send(door, datagram(SIGNATURE + header, header))
                                .text())
                        .isEqualTo(header);
                assertThat(seen.take()).startsWith(SIGNATURE + "2112000c7f000001");
            }
            assertThat(road.gateway().node().connections().size()).isEqualTo(1);
        }
    }

    @Test
    void headerOfWhoIsNotTrusted_isRefused_andSoIsASecondOne() throws Exception {
        try (Udp target = target();
                Road road = open(target, "");
                Udp stranger = Udp.visitor()) {
            stranger.send(road.gateway().udpAt("127.0.0.2"), datagram(VISITOR, "one"));
            Road.until(() -> road.counter("proxy.untrusted") == 1);
            road.services(udp(target.port(), "proxy-protocol: {require: 127.0.0.0/8}"));
            stranger.send(road.gateway().udpAt("127.0.0.2"), datagram(VISITOR + VISITOR, "two"));
            Road.until(() -> road.counter("proxy.untrusted") == 2);
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void vectorsThatAreMalformed_areDroppedAndCountedByReason() throws Exception {
        String[][] vectors = {
            {"NO_SIGNATURE", "68656c6c6f"},
            {"TRUNCATED", SIGNATURE + "2112000ccb007107c000020104d2"},
            {"VERSION", SIGNATURE + "3112000ccb007107c000020104d201bb"},
            {"COMMAND", SIGNATURE + "2212000ccb007107c000020104d201bb"},
            {"FAMILY", SIGNATURE + "2142000ccb007107c000020104d201bb"},
            {"CRC", SIGNATURE + "21120013cb007107c000020104d201bb03000400000000"},
        };
        try (Udp target = target();
                Road road = open(target, "proxy-protocol: {require: 127.0.0.0/8}");
                Udp front = Udp.visitor()) {
            for (String[] vector : vectors) {
                front.send(road.gateway().udpAt("127.0.0.2"), HexFormat.of().parseHex(vector[1]));
                Road.until(() -> road.counter("proxy.malformed." + vector[0]) == 1);
            }
            assertThat(seen).isEmpty();
            assertThat(road.gateway().node().connections().size()).isZero();
        }
    }

    @Test
    void visitorThatCannotBe_isRefused() throws Exception {
        try (Udp target = target();
                Road road = open(target, "proxy-protocol: {require: 127.0.0.0/8}");
                Udp front = Udp.visitor()) {
            String private10 = SIGNATURE + "2112000c0a000001c000020104d201bb";
            front.send(road.gateway().udpAt("127.0.0.2"), datagram(private10, "one"));
            Road.until(() -> road.counter("proxy.denied.client") == 1);
            assertThat(seen).isEmpty();
        }
    }

    private Udp target() throws IOException {
        return Udp.target(bytes -> {
            seen.add(HexFormat.of().formatHex(bytes, 0, 28) + " "
                    + new String(bytes, 28, bytes.length - 28, StandardCharsets.US_ASCII));
            byte[] answer = new byte[bytes.length - 28];
            System.arraycopy(bytes, 28, answer, 0, answer.length);
            return answer;
        });
    }

    private static byte[] datagram(String header, String payload) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(HexFormat.of().parseHex(header));
        all.writeBytes(payload.getBytes(StandardCharsets.US_ASCII));
        return all.toByteArray();
    }

    private static Road open(Udp target, String more) throws Exception {
        return Road.open(
                udp(target.port(), more), "allow: [127.0.0.1:" + target.port() + "/udp]\nclients: [127.0.0.0/8]\n");
    }

    private static String udp(int port, String more) {
        return """
                  game:
                    listen: 127.0.0.2:9/udp
                    site: home
                    target: udp://127.0.0.1:%d
                    client-address: proxy-v2
                    %s
                """.formatted(port, more);
    }
}
