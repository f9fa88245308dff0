package dev.culvert.dataplane.http;

import dev.culvert.dataplane.testing.Http3Client;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Balancing;
import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.HttpsSettings;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/// A gateway with two names behind one listener with TLS and HTTP/3, and a target.
class Http3Road {
    private final List<AutoCloseable> open = new ArrayList<>();
    final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private @Nullable TestNode node;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        open.clear();
    }

    /// The target does what the script says.
    void serving(RawBackend.Script script) throws IOException {
        RawBackend backend = new RawBackend(script);
        open.add(backend);
        Map<String, Service> services = new LinkedHashMap<>();
        for (String name : List.of("one", "two")) {
            services.put(name, service(name, backend.port()));
        }
        TestNode started = TestNode.start(model(services));
        // HTTP/3 wants the number that TCP was given, which somebody else's socket of UDP may have.
        for (int i = 0; i < 5 && started.events().counters().containsKey("http3.closed"); i++) {
            started.close();
            started = TestNode.start(model(services));
        }
        node = started;
        open.add(started);
    }

    /// The target answers every request so.
    void answering(String response) throws IOException {
        serving((wire, _) -> {
            while (!record(wire).isEmpty()) {
                wire.send(response);
            }
        });
    }

    String record(Wire wire) throws IOException {
        String head = wire.readHead();
        if (!head.isEmpty()) {
            heads.add(head);
        }
        return head;
    }

    static Model model(Map<String, Service> services) {
        Listener https = new Listener(
                Listener.Scope.PUBLIC, new Bind(InetAddress.ofLiteral("127.0.0.1"), 0), Listener.Protocol.HTTPS, null);
        Model base = ModelMerge.merge(Role.GATEWAY, List.of()).orThrow();
        return new Model(
                "test", Role.GATEWAY, base.tunnel(), Map.of(), Map.of(), List.of(https), services, SiteRules.NOTHING);
    }

    /// The same without HTTP/3.
    static Model without(Model model) {
        HttpsSettings https = model.https();
        return new Model(
                model.name(),
                model.role(),
                model.tunnel(),
                model.sites(),
                model.gateways(),
                model.listeners(),
                model.services(),
                model.rules(),
                model.observation(),
                model.acme(),
                new HttpsSettings(
                        https.hstsSeconds(), https.redirect(), false, https.unknownName(), https.fallbackName()));
    }

    static Service service(String name, int port) {
        return new Service(
                        name,
                        Origin.file("test"),
                        Listener.Scope.PUBLIC,
                        List.of(name + ".test"),
                        List.of(),
                        List.of(new Destination(null, new Target(Target.Scheme.HTTP, "127.0.0.1", port))),
                        ClientAddress.HEADERS,
                        AccessPolicy.OPEN,
                        0,
                        HttpSettings.DEFAULT,
                        Balancing.DEFAULT)
                .with(ServiceTls.of(ServiceTls.Ends.GATEWAY));
    }

    TestNode node() {
        return Objects.requireNonNull(node);
    }

    InetSocketAddress at() {
        return node().at("127.0.0.1");
    }

    Http3Client visitor(String name) throws Exception {
        return Http3Client.connect(at(), name);
    }

    /// The next head that the target got.
    String head() throws InterruptedException {
        return String.valueOf(heads.poll(5, TimeUnit.SECONDS));
    }

    /// Names and values of a request's head, in turn.
    static String[] fields(String method, String path, String... more) {
        List<String> all = new ArrayList<>(
                List.of(":method", method, ":scheme", "https", ":authority", "one.test", ":path", path));
        all.addAll(List.of(more));
        return all.toArray(new String[0]);
    }

    /// Waits until something was counted so often, by turns of the node's loop.
    long counted(String kind, long least) throws Exception {
        for (int i = 0; i < 500 && count(kind) < least; i++) {
            node().loops()
                    .visitors()
                    .next()
                    .schedule(() -> {}, 20, TimeUnit.MILLISECONDS)
                    .get();
        }
        return count(kind);
    }

    long count(String kind) {
        return node().events().counters().getOrDefault(kind, 0L);
    }
}
