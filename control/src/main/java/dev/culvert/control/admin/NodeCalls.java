package dev.culvert.control.admin;

import dev.culvert.control.link.FarEnds;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Site;
import dev.culvert.model.config.ConfigWriter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// What can be asked of any node.
final class NodeCalls {
    private static final int PING_MILLIS = 3_000;

    private final Node node;
    private final StatusReport status;
    private final FarEnds farEnds;
    private final CertificateCalls certificates;

    NodeCalls(Node node, StatusReport status, FarEnds farEnds, CertificateCalls certificates) {
        this.node = node;
        this.status = status;
        this.farEnds = farEnds;
        this.certificates = certificates;
    }

    List<Call> calls() {
        return List.of(
                Call.get("/status", "What this node is doing, and what its peers say of themselves.", _ -> status()),
                Call.get(
                        "/sockets",
                        "The TCP connections inside the tunnel: windows, round-trip times, retransmissions.",
                        _ -> new SocketReport(node).map()),
                Call.get(
                        "/export",
                        "The merge of file and store as one file.",
                        _ -> Map.of("file", ConfigWriter.file(node.model()))),
                Call.post(
                        "/ping",
                        "Asks a peer for an echo, or a port of it for a connection.",
                        List.of(Call.Argument.text("target", "PEER or PEER:PORT")),
                        arguments -> ping(arguments.text("target"))));
    }

    private Map<String, Object> status() throws IOException {
        Map<String, Object> map = new LinkedHashMap<>(status.map());
        map.put("certificates", certificates.status());
        map.put("far", farEnds.status());
        return map;
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
        GatewayPeer gateway = model.gateways().get(target);
        if (gateway != null) {
            return gateway.peer().addresses().getFirst();
        }
        List<String> known = new ArrayList<>(model.sites().keySet());
        known.addAll(model.gateways().keySet());
        throw new IllegalArgumentException("no peer " + target + "; there are: " + String.join(", ", known));
    }
}
