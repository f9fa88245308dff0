package dev.culvert.control.audit;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.doctor.Finding;
import dev.culvert.control.machine.PublicAddresses;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.model.AllowRule;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The node's part of `culvert audit`: findings on its configuration, and which ports are its own. Whoever asks looks
/// at the machine itself, with the rights that they have. Whatever else is asked goes to the next service.
public final class AuditService implements InternalService {
    private final Node node;
    private final GatewayEndpoint endpoint;
    private final InternalService next;

    public AuditService(Node node, GatewayEndpoint endpoint, InternalService next) {
        this.node = node;
        this.endpoint = endpoint;
        this.next = next;
    }

    @Override
    public Response handle(Request request) {
        if (!(request.method() + " " + request.path()).equals("POST /audit")) {
            return next.handle(request);
        }
        try {
            return Response.json(JSON.std.asString(answer()));
        } catch (IOException e) {
            return Response.error(503, String.valueOf(e.getMessage()));
        }
    }

    private Map<String, Object> answer() throws IOException {
        Model model = node.model();
        List<Finding> findings = new ModelAudit(model, homes(model), gateway(), AuditService::addresses).findings();
        return Map.of(
                "findings",
                findings.stream().map(Finding::map).toList(),
                "ours",
                List.copyOf(ours()),
                "published",
                List.copyOf(published(model)));
    }

    private Set<String> ours() {
        Set<String> ours = new TreeSet<>();
        node.listening().forEach(address -> ours.add("tcp " + address.getPort()));
        node.listeningUdp().forEach(address -> ours.add("udp " + address.getPort()));
        ours.add("udp " + node.tunnel().localAddress().getPort());
        return ours;
    }

    /// TCP ports of targets on this very machine.
    private static Set<Integer> published(Model model) {
        Set<InetAddress> own = PublicAddresses.own();
        Set<Integer> ports = new TreeSet<>();
        for (AllowRule rule : model.rules().allow()) {
            boolean here = switch (rule) {
                case AllowRule.Name name -> name.host().equals("localhost");
                case AllowRule.Addresses addresses -> own.stream().anyMatch(addresses.prefix()::contains);
            };
            if (here && rule.transport() == Transport.TCP && rule.firstPort() == rule.lastPort()) {
                ports.add(rule.firstPort());
            }
        }
        return ports;
    }

    private Set<InetAddress> homes(Model model) throws IOException {
        if (model.role() == Role.SITE) {
            return Set.of();
        }
        Set<InetAddress> homes = new LinkedHashSet<>();
        try {
            for (PeerStatus peer : node.tunnel().status().get(2, TimeUnit.SECONDS)) {
                InetSocketAddress seen = peer.endpoint();
                if (seen != null) {
                    homes.add(seen.getAddress());
                }
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the tunnel does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return homes;
    }

    private Set<InetAddress> gateway() {
        Endpoint known = endpoint.known();
        Set<InetAddress> all = new LinkedHashSet<>(PublicAddresses.global(PublicAddresses.own()));
        if (known != null) {
            all.addAll(addresses(known.host()));
        }
        return all;
    }

    private static List<InetAddress> addresses(String host) {
        try {
            return new ArrayList<>(List.of(InetAddress.getAllByName(host)));
        } catch (UnknownHostException e) {
            return List.of();
        }
    }
}
