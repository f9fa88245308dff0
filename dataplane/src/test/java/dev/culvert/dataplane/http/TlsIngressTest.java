package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.testing.TlsClient;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Balancing;
import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Target;
import dev.culvert.model.config.ModelMerge;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A gateway with two names behind one listener with TLS, and a target that says what it was asked.
// The first handshake of a process loads some hundred classes: half a minute where others have the processors.
@Timeout(120)
class TlsIngressTest {
    // A fatal alert, handshake_failure.
    private static final String NO = "\025\003\003\000\002\002\050";

    private @Nullable RawBackend backend;
    private @Nullable RawBackend chat;
    private @Nullable TestNode node;

    @AfterEach
    void close() throws IOException {
        if (node != null) {
            node.close();
        }
        if (backend != null) {
            backend.close();
        }
        if (chat != null) {
            chat.close();
        }
    }

    private InetSocketAddress serving() throws IOException {
        RawBackend target = new RawBackend((wire, _) -> {
            String head = wire.readHead();
            while (!head.isEmpty()) {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + head.length() + "\r\n\r\n" + head);
                head = wire.readHead();
            }
        });
        backend = target;
        Map<String, Service> services = new LinkedHashMap<>();
        for (String name : List.of("one", "two")) {
            services.put(
                    name,
                    new Service(
                                    name,
                                    Origin.file("test"),
                                    Listener.Scope.PUBLIC,
                                    List.of(name + ".test"),
                                    List.of(),
                                    List.of(new Destination(
                                            null, new Target(Target.Scheme.HTTP, "127.0.0.1", target.port()))),
                                    ClientAddress.HEADERS,
                                    AccessPolicy.OPEN,
                                    0,
                                    HttpSettings.DEFAULT,
                                    Balancing.DEFAULT)
                            .with(ServiceTls.of(ServiceTls.Ends.GATEWAY)));
        }
        RawBackend talker = new RawBackend((wire, _) -> {
            if (wire.read(1).equals("\026")) {
                wire.send(NO);
            }
        });
        chat = talker;
        services.put(
                "chat",
                new Service(
                                "chat",
                                Origin.file("test"),
                                Listener.Scope.PUBLIC,
                                List.of("one.test"),
                                List.of(),
                                List.of(new Destination(
                                        null, new Target(Target.Scheme.TLS, "127.0.0.1", talker.port()))),
                                ClientAddress.NONE,
                                AccessPolicy.OPEN,
                                0,
                                HttpSettings.DEFAULT,
                                Balancing.DEFAULT)
                        .with(new ServiceTls(
                                ServiceTls.Ends.BACKEND, null, null, null, false, false, List.of("xmpp-client"))));
        Listener https = new Listener(
                Listener.Scope.PUBLIC, new Bind(InetAddress.ofLiteral("127.0.0.1"), 0), Listener.Protocol.HTTPS, null);
        Model base = ModelMerge.merge(Role.GATEWAY, List.of()).orThrow();
        TestNode started = TestNode.start(new Model(
                "test", Role.GATEWAY, base.tunnel(), Map.of(), Map.of(), List.of(https), services, SiteRules.NOTHING));
        node = started;
        return started.at("127.0.0.1");
    }

    private long count(String kind) {
        return Objects.requireNonNull(node).events().counters().getOrDefault(kind, 0L);
    }

    private static String ask(SSLSocket socket, String host) throws IOException {
        socket.getOutputStream()
                .write(("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void hello_withNameOfAService_isServedByItsStandIn() throws Exception {
        InetSocketAddress at = serving();
        try (SSLSocket socket = TlsClient.connect(at, "one.test")) {
            assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
            assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
            assertThat(TlsClient.names(socket)).containsExactly("one.test");
            String answer = ask(socket, "one.test");
            assertThat(answer).startsWith("HTTP/1.1 200").contains("X-Forwarded-Proto: https");
        }
    }

    @Test
    void hello_byteByByte_isServed() throws Exception {
        InetSocketAddress at = serving();
        try (SSLSocket socket = TlsClient.dribbling(at, "two.test")) {
            assertThat(ask(socket, "TWO.test")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void request_forAnotherNameThanTheHandshakes_isMisdirected() throws Exception {
        InetSocketAddress at = serving();
        try (SSLSocket socket = TlsClient.connect(at, "one.test")) {
            assertThat(ask(socket, "two.test")).startsWith("HTTP/1.1 421");
        }
        assertThat(count("http.misdirected")).isEqualTo(1);
    }

    @Test
    void hello_withUnknownNameOrNone_endsInAnAlert() throws Exception {
        InetSocketAddress at = serving();
        assertThatThrownBy(() -> TlsClient.connect(at, "three.test"))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("unrecognized_name");
        assertThatThrownBy(() -> TlsClient.connect(at, null)).isInstanceOf(SSLException.class);
        assertThat(count("tls.unknown-name")).isEqualTo(2);
    }

    /// Of two services with one name: what the handshake offers leads it on, unread, to whoever says no to it.
    @Test
    void hello_thatOffersTheProtocolOfAnother_isPassedOnToThat() throws Exception {
        InetSocketAddress at = serving();

        assertThatThrownBy(() -> new TlsClient.Sessions().connect(at, "one.test", "xmpp-client"))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("handshake_failure");
        try (SSLSocket socket = TlsClient.connect(at, "one.test")) {
            assertThat(ask(socket, "one.test")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void request_withoutTls_isTold() throws Exception {
        InetSocketAddress at = serving();
        try (Wire wire = Wire.connect(at)) {
            wire.send("GET / HTTP/1.1\r\nHost: one.test\r\n\r\n");
            assertThat(wire.readAll()).startsWith("HTTP/1.1 400").endsWith("HTTPS only.\n");
        }
        assertThat(count("tls.malformed.PLAIN_HTTP")).isEqualTo(1);
    }

    @Test
    void session_underTheSameName_isResumed() throws Exception {
        InetSocketAddress at = serving();
        TlsClient.Sessions client = new TlsClient.Sessions();
        long first;
        try (SSLSocket socket = client.connect(at, "one.test")) {
            ask(socket, "one.test");
            first = socket.getSession().getCreationTime();
        }
        try (SSLSocket socket = client.connect(at, "one.test")) {
            assertThat(ask(socket, "one.test")).startsWith("HTTP/1.1 200");
            assertThat(socket.getSession().getCreationTime()).isEqualTo(first);
        }
    }
}
