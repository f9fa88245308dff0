package dev.culvert.control.link;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.PeerType;
import dev.culvert.model.Site;
import dev.culvert.model.WireGuardPeer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks the Culvert nodes at the other ends of this node's tunnels, all at once.
public final class FarEnds {
    // A status view is refreshed every second.
    private static final long ANSWER_MILLIS = 900;

    private final Node node;
    private final TunnelClient client;

    public FarEnds(Node node) {
        this.node = node;
        this.client = new TunnelClient(node.tunnel());
    }

    /// By peer, its own status as far as it tells it to this node; `{"error": …}` of one that does not answer within a
    /// second.
    public Map<String, Object> status() {
        Map<String, Future<Response>> asked = new LinkedHashMap<>();
        for (Site site : node.model().sites().values()) {
            ask(site.name(), site.type(), site.peer(), asked);
        }
        for (GatewayPeer gateway : node.model().gateways().values()) {
            ask(gateway.name(), gateway.type(), gateway.peer(), asked);
        }
        Map<String, Object> answers = new LinkedHashMap<>();
        asked.forEach((name, future) -> answers.put(name, answer(future)));
        return answers;
    }

    private void ask(String name, PeerType type, WireGuardPeer peer, Map<String, Future<Response>> asked) {
        if (type == PeerType.CULVERT
                && peer.publicKey() != null
                && !peer.addresses().isEmpty()) {
            InetSocketAddress to = new InetSocketAddress(peer.addresses().getFirst(), Ports.CONTROL);
            asked.put(name, client.request(to, "GET", "/status", "", ANSWER_MILLIS));
        }
    }

    private static Object answer(Future<Response> future) {
        try {
            Response response = future.get(ANSWER_MILLIS + 200, TimeUnit.MILLISECONDS);
            return response.status() == 200
                    ? JSON.std.mapFrom(response.body())
                    : Map.of("error", response.body().strip());
        } catch (ExecutionException | TimeoutException | IOException e) {
            return Map.of("error", "does not answer through the tunnel");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Map.of("error", "interrupted");
        }
    }
}
