package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.TlsClient;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.dataplane.tls.Challenges;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.dataplane.tls.TestCertificates;
import dev.culvert.dataplane.tls.TlsContexts.Presented;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// One port with TLS for names whose TLS ends at the gateway, at the site and at the target.
// The first handshake of a process loads some hundred classes: half a minute where others have the processors.
@Timeout(120)
class TlsRoadTest {
    private static final String LISTEN = "https: {listen: \"127.0.0.3:443\"}\n";

    private static Road road(int target, String rules, String more) throws Exception {
        Road road = Road.open(
                services(target), "allow: [\"127.0.0.1:%d\"]\nclients: [127.0.0.0/8]\n%s".formatted(target, rules));
        road.services(services(target) + LISTEN, more.replace("    tls:", "    site: home\n    tls:"));
        return road;
    }

    private static String services(int target) {
        return """
                  here:
                    host: here.home.test
                    site: home
                    target: http://127.0.0.1:%1$d
                  through:
                    host: through.home.test
                    site: home
                    target: tls://127.0.0.1:%1$d
                    client-address: proxy-v1
                """.formatted(target).indent(2);
    }

    private static String declared(int target) {
        return """
                services:
                  there:
                    host: there.home.test
                    target: http://127.0.0.1:%d
                    tls: site
                """.formatted(target);
    }

    private static RawBackend echoingHeads() throws Exception {
        return new RawBackend((wire, _) -> {
            String head = wire.readHead();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + head.length() + "\r\n\r\n" + head);
        });
    }

    private static String ask(SSLSocket socket, String host) throws Exception {
        socket.getOutputStream()
                .write(("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void hello_forATargetsOwnTls_arrivesAsItWasSent_behindItsAnnouncement() throws Exception {
        CompletableFuture<String> arrived = new CompletableFuture<>();
        byte[] hello = TlsClient.hello("through.home.test");
        try (RawBackend target = new RawBackend((wire, _) -> {
                    String line = wire.readUntil("\r\n");
                    arrived.complete(line + wire.read(hello.length));
                    wire.send("server hello");
                });
                Road road = road(target.port(), "", declared(target.port()));
                Wire visitor = Wire.connect(road.gateway().at("127.0.0.3"))) {
            visitor.send(java.util.Arrays.copyOf(hello, 7));
            visitor.send(java.util.Arrays.copyOfRange(hello, 7, hello.length));

            assertThat(visitor.readAll()).isEqualTo("server hello");
            assertThat(arrived.get(5, TimeUnit.SECONDS))
                    .startsWith("PROXY TCP4 127.0.0.1 127.0.0.3 ")
                    .endsWith(new String(hello, StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void tlsOfTheSite_endsThere_andItsTargetLearnsTheVisitor() throws Exception {
        try (RawBackend target = echoingHeads();
                Road road = road(target.port(), declared(target.port()), declared(target.port()))) {
            assertThat(road.gateway().node().tls().contexts().presented())
                    .extracting(Presented::name)
                    .containsExactly("here.home.test");
            assertThat(road.site().node().tls().contexts().presented())
                    .extracting(Presented::name)
                    .containsExactly("there.home.test");
            try (SSLSocket socket = TlsClient.connect(road.gateway().at("127.0.0.3"), "there.home.test")) {
                assertThat(TlsClient.names(socket)).containsExactly("there.home.test");
                assertThat(ask(socket, "there.home.test"))
                        .contains("HTTP/1.1 200 OK", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https")
                        .containsIgnoringCase("strict-transport-security: max-age=31536000");
            }
            try (SSLSocket socket = TlsClient.connect(road.gateway().at("127.0.0.3"), "here.home.test")) {
                assertThat(ask(socket, "there.home.test")).startsWith("HTTP/1.1 421");
            }
            try (SSLSocket socket = TlsClient.connect(road.gateway().at("127.0.0.3"), "there.home.test")) {
                assertThat(ask(socket, "here.home.test")).startsWith("HTTP/1.1 421");
            }
        }
    }

    @Test
    void gatewaysThatClaimATlsOfTheSite_meetTheSitesOwnRules() throws Exception {
        try (RawBackend target = echoingHeads();
                Road road = road(target.port(), "", declared(target.port()))) {
            assertThatThrownBy(() -> TlsClient.connect(road.gateway().at("127.0.0.3"), "there.home.test"))
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("unrecognized_name");
            assertThat(target.accepted()).isZero();
        }
    }

    @Test
    void requestWithoutTls_isSentToHttps_butForWhatAuthoritiesAsk() throws Exception {
        try (RawBackend target = echoingHeads();
                Road road = road(target.port(), "", declared(target.port()))) {
            String to = get(road, "/a?b=c", "here.home.test");
            assertThat(to).startsWith("HTTP/1.1 308").contains("https://here.home.test");
            assertThat(to).contains("/a?b=c\r\n");
            assertThat(get(road, "/a", "there.home.test")).startsWith("HTTP/1.1 308");
            assertThat(get(road, "/a", "through.home.test")).startsWith("HTTP/1.1 308");
            assertThat(target.accepted()).isZero();

            assertThat(get(road, Challenges.HTTP_PATH + "own", "here.home.test"))
                    .startsWith("HTTP/1.1 200");
            assertThat(target.accepted()).isEqualTo(1);
            road.gateway().node().tls().challenges().putHttp("here.home.test", "token", "token.thumbprint");
            assertThat(get(road, Challenges.HTTP_PATH + "token", "here.home.test"))
                    .endsWith("\r\n\r\ntoken.thumbprint");
            assertThat(get(road, Challenges.HTTP_PATH + "token", "there.home.test"))
                    .startsWith("HTTP/1.1 308");
        }
    }

    private static String get(Road road, String path, String host) throws Exception {
        try (Wire wire = Wire.connect(road.gateway().at("127.0.0.1"))) {
            wire.send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
            return wire.readAll();
        }
    }

    @Test
    void authority_findsItsCertificate_whereTlsEnds() throws Exception {
        try (RawBackend target = echoingHeads();
                Road road = road(target.port(), declared(target.port()), declared(target.port()))) {
            ServerCertificate proof = TestCertificates.selfSigned("proof.test");
            road.gateway().node().tls().challenges().putTls("here.home.test", proof);
            road.site().node().tls().challenges().putTls("there.home.test", proof);
            for (String name : List.of("here.home.test", "there.home.test")) {
                try (SSLSocket socket =
                        new TlsClient.Sessions().connect(road.gateway().at("127.0.0.3"), name, Challenges.ACME_TLS)) {
                    assertThat(socket.getApplicationProtocol()).isEqualTo(Challenges.ACME_TLS);
                    assertThat(TlsClient.names(socket)).containsExactly("proof.test");
                }
                try (SSLSocket socket = TlsClient.connect(road.gateway().at("127.0.0.3"), name)) {
                    assertThat(TlsClient.names(socket)).containsExactly(name);
                }
            }
        }
    }
}
