package dev.culvert.dataplane.http;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Bind;
import dev.culvert.model.Destination;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/// A gateway with services as its file would have them, and targets that record every head.
@Timeout(20)
class ServiceRoad {
    private final List<AutoCloseable> open = new ArrayList<>();
    final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private @Nullable TestNode node;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    /// A target that answers every request with its name; its head goes to `heads`, behind the name.
    int target(String name) throws IOException {
        RawBackend backend = new RawBackend((wire, _) -> {
            for (String head = wire.readHead(); !head.isEmpty(); head = wire.readHead()) {
                heads.add(name + " " + head);
                wire.send("HTTP/1.1 200 OK\r\nServer: secret/1.0\r\nContent-Length: 0\r\n\r\n");
            }
        });
        open.add(backend);
        return backend.port();
    }

    /// A gateway of its own; services name site `home`, and are on this machine in truth.
    void start(String services) throws IOException {
        Model model = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                        sites:
                          home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
                        services:
                        """ + services.indent(2))))
                .orThrow();
        Map<String, Service> here = new LinkedHashMap<>();
        model.services().forEach((name, service) -> here.put(name, here(service)));
        Listener http = new Listener(
                Listener.Scope.PUBLIC, new Bind(InetAddress.ofLiteral("127.0.0.1"), 0), Listener.Protocol.HTTP, null);
        TestNode started = TestNode.start(new Model(
                "test", Role.GATEWAY, model.tunnel(), Map.of(), Map.of(), List.of(http), here, model.rules()));
        node = started;
        open.add(started);
    }

    static Service here(Service service) {
        List<Destination> targets = service.targets().stream()
                .map(destination -> new Destination(null, destination.target()))
                .toList();
        return new Service(
                service.name(),
                service.origin(),
                service.scope(),
                service.hosts(),
                service.listen(),
                targets,
                service.clientAddress(),
                here(service.access()),
                service.maxConnections(),
                service.http(),
                service.balancing());
    }

    private static AccessPolicy here(AccessPolicy access) {
        ForwardAuth auth = access.forwardAuth();
        return new AccessPolicy(
                access.allow(),
                access.deny(),
                access.rate(),
                access.basic(),
                auth == null
                        ? null
                        : new ForwardAuth(
                                new Destination(null, auth.destination().target()), auth.path(), auth.copyHeaders()));
    }

    TestNode node() {
        return Objects.requireNonNull(node);
    }

    /// Is closed behind the test.
    RawBackend backend(RawBackend.Script script) throws IOException {
        RawBackend backend = new RawBackend(script);
        open.add(backend);
        return backend;
    }

    Wire visitor() throws IOException {
        return Wire.connect(Objects.requireNonNull(node).at("127.0.0.1"));
    }

    String ask(String request) throws IOException {
        try (Wire wire = visitor()) {
            wire.send(request.replace("\n", "\r\n") + "\r\n\r\n");
            return wire.readHead();
        }
    }

    String seen() throws InterruptedException {
        return String.valueOf(heads.poll(5, TimeUnit.SECONDS));
    }
}
