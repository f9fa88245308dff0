package dev.culvert.control.link;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.internal.InternalService;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a peer may ask through the tunnel. It learns about itself and about this node, and nothing of other peers.
public final class PeerCalls implements InternalService {
    private final Status status;
    private final @Nullable Declarations declarations;
    private final Supplier<List<Map<String, Object>>> findings;

    /// What a peer may know of this node.
    @FunctionalInterface
    public interface Status {
        Map<String, Object> forPeer(String peer) throws IOException;
    }

    /// @param declarations at a gateway
    /// @param findings of this node's doctor that its peers may know; none at a gateway, which has other peers
    public PeerCalls(Status status, @Nullable Declarations declarations, Supplier<List<Map<String, Object>>> findings) {
        this.findings = findings;
        this.status = status;
        this.declarations = declarations;
    }

    @Override
    public Response handle(Request request) {
        if (!(request.caller() instanceof PeerCaller peer)) {
            return Response.error(403, "only peers inside the tunnel are answered here");
        }
        try {
            return switch (request.method() + " " + request.path()) {
                case "GET /status" -> json(status.forPeer(peer.name()));
                case "GET /findings" -> json(Map.of("findings", findings.get()));
                case "PUT " + Offer.PATH -> services(peer, request.body());
                default -> Response.error(404, "no such call: " + request.method() + " " + request.path());
            };
        } catch (IOException e) {
            return Response.error(503, String.valueOf(e.getMessage()));
        }
    }

    private Response services(PeerCaller peer, String body) throws IOException {
        if (declarations == null) {
            return Response.error(404, "a site publishes nothing for others");
        }
        Offer offer;
        try {
            offer = Offer.decode(body);
        } catch (IOException e) {
            return Response.error(400, "no offer: JSON with documents by name under services is expected");
        }
        return json(Map.of("services", Published.maps(declarations.take(peer.name(), offer))));
    }

    private static Response json(Map<String, ?> answer) throws IOException {
        return Response.json(JSON.std.asString(answer));
    }
}
