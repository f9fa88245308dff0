package dev.culvert.control.admin;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.enrol.Enrolment;
import dev.culvert.control.enrol.Token;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Site;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the operator can ask of a running node: `status`, `ping`, and at a gateway the sites.
public final class AdminService implements InternalService {
    private static final int PING_MILLIS = 3_000;

    private final Node node;
    private final StatusReport status;
    private final @Nullable Enrolment enrolment;
    private final Supplier<@Nullable Endpoint> endpoint;

    /// @param enrolment at a gateway
    /// @param endpoint where sites dial this gateway, if that is known
    public AdminService(
            Node node, StatusReport status, @Nullable Enrolment enrolment, Supplier<@Nullable Endpoint> endpoint) {
        this.node = node;
        this.status = status;
        this.enrolment = enrolment;
        this.endpoint = endpoint;
    }

    @Override
    public Response handle(Request request) {
        try {
            Map<String, Object> arguments = request.body().isEmpty() ? Map.of() : JSON.std.mapFrom(request.body());
            Map<String, ?> answer = switch (request.method() + " " + request.path()) {
                case "GET /status" -> status.map();
                case "POST /ping" -> ping(text(arguments, "target"));
                case "GET /sites" -> Map.of("sites", sites());
                case "POST /sites" -> addSite(arguments);
                case "POST /sites/remove" -> removeSite(text(arguments, "name"));
                default -> throw new IllegalArgumentException("no such call: " + request.path());
            };
            return Response.json(JSON.std.asString(answer));
        } catch (IllegalArgumentException e) {
            return Response.error(400, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Response.error(503, String.valueOf(e.getMessage()));
        }
    }

    private static String text(Map<String, Object> arguments, String name) {
        if (arguments.get(name) instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new IllegalArgumentException(name + " is missing");
    }

    private Enrolment enrolment() {
        if (enrolment == null) {
            throw new IllegalArgumentException("this node is a site: sites are added at a gateway");
        }
        return enrolment;
    }

    private List<Map<String, Object>> sites() {
        return node.model().sites().values().stream().map(AdminService::site).toList();
    }

    private static Map<String, Object> site(Site site) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", site.name());
        map.put("type", site.type().toString());
        map.put("address", site.peer().addresses().getFirst().getHostAddress());
        map.put("key", String.valueOf(site.peer().publicKey()));
        map.put("origin", site.origin().toString());
        return map;
    }

    private Map<String, Object> addSite(Map<String, Object> arguments) throws IOException {
        String name = text(arguments, "name");
        if (!name.matches("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")) {
            throw new IllegalArgumentException(
                    "site name: " + name + " (expected: a-z, 0-9 and -, at most 32 characters)");
        }
        Endpoint reached = endpoint.get();
        if (reached == null) {
            throw new IllegalArgumentException("where do sites dial this gateway? Start it with --endpoint HOST:PORT,"
                    + " or write gateway: {endpoint: HOST:PORT} into its file");
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("site", name);
        if (arguments.get("plainKey") instanceof String key) {
            InetAddress address = enrolment().addPlain(name, PublicKey.parse(key));
            Model model = node.model();
            answer.put("address", address.getHostAddress());
            answer.put("endpoint", reached.toString());
            answer.put("gatewayAddress", model.tunnel().addresses().getFirst().getHostAddress());
            answer.put("mtu", model.tunnel().mtu());
            answer.put("gatewayKey", status.publicKey());
            return answer;
        }
        Token token = enrolment().issue(name, reached, Boolean.TRUE.equals(arguments.get("replace")));
        answer.put("token", token.encode());
        answer.put("expires", token.expires().toString());
        return answer;
    }

    private Map<String, Object> removeSite(String name) throws IOException {
        enrolment().remove(name);
        return Map.of("removed", name);
    }

    /// `PEER` by an echo, `PEER:PORT` by a connection.
    private Map<String, Object> ping(String target) throws IOException {
        int colon = target.lastIndexOf(':');
        InetAddress address = address(colon < 0 ? target : target.substring(0, colon));
        int port = colon < 0 ? 0 : Literals.port(target.substring(colon + 1));
        if (port < 0) {
            throw new IllegalArgumentException(target + " (expected: PEER or PEER:PORT)");
        }
        Future<Long> answer = colon < 0
                ? node.tunnel().ping(address, 56, PING_MILLIS)
                : new TunnelClient(node.tunnel()).probe(new InetSocketAddress(address, port), PING_MILLIS);
        try {
            long nanos = answer.get(PING_MILLIS + 1_000, TimeUnit.MILLISECONDS);
            return Map.of("address", address.getHostAddress(), "micros", nanos / 1000);
        } catch (ExecutionException e) {
            throw new IOException("no answer of " + target + " through the tunnel: " + cause(e), e);
        } catch (TimeoutException e) {
            throw new IOException("no answer of " + target + " through the tunnel", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static String cause(ExecutionException e) {
        Throwable cause = e.getCause();
        return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
    }

    private InetAddress address(String target) {
        Model model = node.model();
        Site site = model.sites().get(target);
        if (site != null) {
            return site.peer().addresses().getFirst();
        }
        var gateway = model.gateways().get(target);
        if (gateway != null) {
            return gateway.peer().addresses().getFirst();
        }
        throw new IllegalArgumentException("no " + (enrolment == null ? "gateway " : "site ") + target + "; there are: "
                + String.join(
                        ", ",
                        enrolment == null
                                ? model.gateways().keySet()
                                : model.sites().keySet()));
    }
}
