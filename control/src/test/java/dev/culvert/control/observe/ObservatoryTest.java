package dev.culvert.control.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.observe.testing.Exposition;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Limits;
import dev.culvert.model.LogFormat;
import dev.culvert.model.Model;
import dev.culvert.model.Observation;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A gateway's metrics and access log, through its sockets.
@Timeout(20)
class ObservatoryTest {
    private static final String SITES = """
            sites:
              home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
            """;

    private final Loops loops = Loops.forThisMachine();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final List<Observation> logSettings = new ArrayList<>();
    private Node node;
    private Observatory observatory;
    private int http;
    private int metrics;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() throws Exception {
        http = freePort();
        metrics = freePort();
        Model model = model("");
        WireGuardTunnel tunnel = WireGuardTunnel.open(
                loops.tunnel(),
                new WireGuardTunnel.Settings(
                        PrivateKey.generate(new SecureRandom()), model.tunnel().addresses(), 1420),
                loops.bindUdp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                new JdkCrypto());
        Admission admission = new Admission(Limits.DEFAULT, new BanTable(), 1, System.nanoTime());
        node = new Node(
                new Node.Parts(
                        loops,
                        tunnel,
                        admission,
                        new Events(),
                        workers,
                        scheduler,
                        name -> {
                            throw new IOException(name);
                        },
                        _ -> {}),
                new Model(
                        model.name(),
                        model.role(),
                        model.tunnel(),
                        model.sites(),
                        model.gateways(),
                        List.of(),
                        model.services(),
                        model.rules()));
        observatory = new Observatory(node, new Observatory.About("1", "nio"), logSettings::add);
    }

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
        node.close();
        observatory.close();
        node.tunnel().close();
        loops.close();
        workers.close();
    }

    @Test
    void scrape_afterRefusedRequests_tellsOfThem() throws Exception {
        node.apply(model("metrics: {listen: 127.0.0.1:%d}".formatted(metrics)));
        assertThat(ask(http, "GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n")).startsWith("HTTP/1.1 404");
        assertThat(ask(http, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n")).startsWith("HTTP/1.1 400");

        Exposition now = scrape();

        assertThat(now.value("culvert_denied_total", "reason", "no-route")).isEqualTo(1);
        assertThat(now.value("culvert_denied_total", "reason", "banned")).isZero();
        assertThat(now.value("culvert_service_live", "service", "web", "site", "home"))
                .isZero();
        assertThat(now.value("culvert_peer_connected", "peer", "home", "type", "culvert"))
                .isZero();
        assertThat(now.has("culvert_peer_handshake_age_seconds")).isFalse();
        assertThat(now.value("process_resident_memory_bytes")).isGreaterThan(1 << 20);
        assertThat(now.value("process_open_fds")).isGreaterThan(5);
        List<String> known =
                List.of(Metric.values()).stream().map(Metric::exposed).toList();
        assertThat(known).containsAll(now.types().keySet());
    }

    @Test
    void reload_withoutMetrics_closesTheirPort() throws Exception {
        node.apply(model("metrics: {listen: 127.0.0.1:%d}".formatted(metrics)));
        scrape();

        node.apply(model(""));

        assertThat(node.listening()).extracting(InetSocketAddress::getPort).containsExactly(http);
    }

    @Test
    void scrape_byWhoIsNotListed_getsNothing() throws Exception {
        node.apply(model("metrics: {listen: 127.0.0.1:%d, allow: 192.0.2.1}".formatted(metrics)));

        assertThat(ask(metrics, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
                .isEmpty();
        assertThat(node.events().counters()).containsEntry("metrics.stranger", 1L);
    }

    @Test
    void accessLog_ofRefusedRequests_hasALineEach() throws Exception {
        Path file = folder.resolve("access.log");
        node.apply(model("access-log: {file: \"%s\"}\nlog: {format: json}".formatted(file)));
        ask(
                http,
                "GET /x?token=s3cret HTTP/1.1\r\nHost: nobody.test\r\nAuthorization: s3cret\r\nCookie: s3cret\r\n\r\n");
        ask(http, "not http\r\n\r\n");

        node.apply(model(""));

        assertThat(Files.readAllLines(file)).hasSize(2);
        assertThat(Files.readString(file))
                .contains("127.0.0.1 - - [", "\"GET /x HTTP/1.1\" 404 0 \"-\" \"-\"\n", "\"-\" 400 0 \"-\" \"-\"\n")
                .doesNotContain("s3cret");
        assertThat(logSettings).extracting(Observation::logFormat).containsExactly(LogFormat.JSON, LogFormat.PLAIN);
    }

    private Exposition scrape() throws IOException {
        String answer = ask(metrics, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:" + metrics + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n");
        return Exposition.parse(answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }

    private static String ask(int port, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException reset) {
            // Closed before the request was read.
            return "";
        }
    }

    private Model model(String observation) {
        String yaml = """
                http: {listen: 127.0.0.1:%d}
                services:
                  web: {host: web.test, site: home, target: "http://127.0.0.1:80"}
                %s%s
                """.formatted(http, SITES, observation);
        return ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", yaml)))
                .orThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
