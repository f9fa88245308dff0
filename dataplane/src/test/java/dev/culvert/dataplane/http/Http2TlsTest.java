package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.FrameWire.Answer;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.TestNode;
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
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// HTTP/2 as browsers come to it: by ALPN, within TLS.
// The first handshake of a process loads some hundred classes: half a minute where others have the processors.
@Timeout(120)
class Http2TlsTest {
    private static TestNode gateway(RawBackend target) throws Exception {
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
        Listener https = new Listener(
                Listener.Scope.PUBLIC, new Bind(InetAddress.ofLiteral("127.0.0.1"), 0), Listener.Protocol.HTTPS, null);
        Model base = ModelMerge.merge(Role.GATEWAY, List.of()).orThrow();
        TestNode node = TestNode.start(new Model(
                "test", Role.GATEWAY, base.tunnel(), Map.of(), Map.of(), List.of(https), services, SiteRules.NOTHING));
        return node;
    }

    private static SSLSocket connect(InetSocketAddress to, String name) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), new SecureRandom());
        Socket plain = new Socket(to.getAddress(), to.getPort());
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, name, to.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static Answer ask(FrameWire visitor, int stream, String host) throws Exception {
        return visitor.headers(stream, true, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", host)
                .answer(stream);
    }

    @Test
    void alpn_choosesHttp2_andTheNameOfTheHandshakeBindsEveryRequest() throws Exception {
        try (RawBackend target = new RawBackend((wire, _) -> {
                    String head = wire.readHead();
                    while (!head.isEmpty()) {
                        wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + head.length() + "\r\n\r\n" + head);
                        head = wire.readHead();
                    }
                });
                TestNode node = gateway(target);
                SSLSocket socket = connect(node.at("127.0.0.1"), "one.test");
                FrameWire visitor = new FrameWire(socket)) {
            assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
            visitor.greet();

            Answer own = ask(visitor, 1, "one.test");
            assertThat(own.status()).isEqualTo("200");
            assertThat(own.body()).contains("X-Forwarded-Proto: https\r\n");
            // attacks.md RT-01, RT-03
            assertThat(ask(visitor, 3, "two.test").status()).isEqualTo("421");
            assertThat(ask(visitor, 5, "one.test").status()).isEqualTo("200");
        }
    }
}
