package dev.culvert.dataplane.http;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.TestNode;
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
import dev.culvert.model.SiteRules;
import dev.culvert.model.Target;
import dev.culvert.model.config.ModelMerge;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/// A gateway with one HTTP service and a target that a test scripts byte by byte.
@Timeout(20)
class HttpRoad {
    static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private @Nullable RawBackend backend;
    private @Nullable TestNode node;

    @AfterEach
    void close() throws IOException {
        if (node != null) {
            node.close();
        }
        if (backend != null) {
            backend.close();
        }
    }

    static String webSocket() {
        return message(
                "GET /ws HTTP/1.1",
                "Host: app.test",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    }

    /// The lines, and the empty one that ends a head.
    static String message(String... lines) {
        return String.join("\r\n", lines) + "\r\n\r\n";
    }

    static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: app.test\r\n\r\n";
    }

    /// Waits for what is not expected to happen, bounded.
    static void await(CompletableFuture<?> future, long millis) throws Exception {
        try {
            future.get(millis, TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.TimeoutException stillHeldBack) {
            // As it should be.
        }
    }

    /// The rest; a reset is an end, too.
    static String restOf(Wire wire) throws IOException {
        try {
            return wire.readAll();
        } catch (SocketException reset) {
            return "";
        }
    }

    String record(Wire wire) throws IOException {
        String head = wire.readHead();
        if (!head.isEmpty()) {
            heads.add(head);
        }
        return head;
    }

    boolean answer(Wire wire, String response) throws IOException {
        if (record(wire).isEmpty()) {
            return false;
        }
        wire.send(response);
        return true;
    }

    String head() throws InterruptedException {
        return String.valueOf(heads.poll(5, TimeUnit.SECONDS));
    }

    void closeBackend() throws IOException {
        backend().close();
    }

    RawBackend backend() {
        return java.util.Objects.requireNonNull(backend);
    }

    Wire serving(RawBackend.Script script) throws IOException {
        RawBackend target = new RawBackend(script);
        backend = target;
        return servingFrom(target.port());
    }

    Wire servingFrom(int port) throws IOException {
        return servingFrom(new Target(Target.Scheme.HTTP, "127.0.0.1", port));
    }

    Wire servingFrom(Target target) throws IOException {
        Model base = ModelMerge.merge(Role.GATEWAY, List.of()).orThrow();
        Service service = new Service(
                "app",
                Origin.file("test"),
                Listener.Scope.PUBLIC,
                List.of("app.test"),
                List.of(),
                List.of(new Destination(null, target)),
                ClientAddress.HEADERS,
                AccessPolicy.OPEN,
                0,
                HttpSettings.DEFAULT,
                Balancing.DEFAULT);
        Listener http = new Listener(
                Listener.Scope.PUBLIC, new Bind(InetAddress.ofLiteral("127.0.0.1"), 0), Listener.Protocol.HTTP, null);
        node = TestNode.start(new Model(
                "test",
                Role.GATEWAY,
                base.tunnel(),
                Map.of(),
                Map.of(),
                List.of(http),
                Map.of("app", service),
                SiteRules.NOTHING));
        return visitor();
    }

    TestNode node() {
        return java.util.Objects.requireNonNull(node);
    }

    Wire visitor() throws IOException {
        return Wire.connect(java.util.Objects.requireNonNull(node).at("127.0.0.1"));
    }
}
