package dev.culvert.control.admin;

import dev.culvert.dataplane.Node;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Model;
import dev.culvert.model.Site;
import dev.culvert.proto.netstack.SocketStatus;
import dev.culvert.proto.netstack.StackStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The connections of the TCP/IP stack inside the tunnel, by socket, stack and peer.
final class SocketReport {
    /// So many connections are told one by one; all are counted.
    private static final int MOST = 2_000;

    private final Node node;

    SocketReport(Node node) {
        this.node = node;
    }

    /// @throws IOException if the tunnel's loop does not answer
    Map<String, Object> map() throws IOException {
        StackStatus stack = ask();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("stack", stack == null ? "kernel" : "embedded");
        if (stack == null) {
            return map;
        }
        map.put("connections", stack.sockets());
        map.put("connectionsMax", stack.maxSockets());
        map.put("halfOpen", stack.halfOpen());
        map.put("halfOpenMax", stack.maxHalfOpen());
        map.put("timeWait", stack.timeWait());
        map.put("bufferBytes", stack.bufferMemory());
        map.put("bufferBytesMax", stack.maxBufferMemory());
        map.put("fragmentedPackets", stack.fragments());
        Map<String, Integer> perPeer = new TreeMap<>();
        List<Map<String, Object>> sockets = new ArrayList<>();
        Model model = node.model();
        for (SocketStatus socket : stack.connections()) {
            String peer = peer(model, socket.remote().getAddress());
            perPeer.merge(peer == null ? "-" : peer, 1, Integer::sum);
            sockets.add(socket(socket, peer));
        }
        map.put("perPeer", perPeer);
        map.put("sockets", sockets);
        return map;
    }

    private @Nullable StackStatus ask() throws IOException {
        try {
            return node.tunnel().stackStatus(MOST).get(2, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the tunnel does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static Map<String, Object> socket(SocketStatus socket, @Nullable String peer) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("local", text(socket.local()));
        map.put("remote", text(socket.remote()));
        if (peer != null) {
            map.put("peer", peer);
        }
        map.put("state", socket.state().toString());
        map.put("recovery", socket.recovery());
        map.put("mss", socket.segment());
        map.put("cwnd", socket.congestionWindow());
        map.put("inFlight", socket.inFlight());
        map.put("sendQueue", socket.sendQueue());
        map.put("sendBuffer", socket.sendBuffer());
        map.put("receiveQueue", socket.receiveQueue());
        map.put("receiveBuffer", socket.receiveBuffer());
        map.put("sendWindow", socket.sendWindow());
        map.put("srttMicros", socket.smoothedRtt() / 1000);
        map.put("minRttMicros", socket.minRtt() / 1000);
        map.put("rtoMillis", socket.timeout() / 1_000_000);
        map.put("bytesAcked", socket.bytesAcknowledged());
        map.put("bytesReceived", socket.bytesReceived());
        map.put("retransmits", socket.resentSegments());
        map.put("timeouts", socket.timeouts());
        map.put("probes", socket.probes());
        map.put("undone", socket.undone());
        map.put("ecn", socket.ecn());
        map.put("marks", socket.marks());
        return map;
    }

    private static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    private static @Nullable String peer(Model model, InetAddress address) {
        for (Site site : model.sites().values()) {
            if (site.peer().reaches(address)) {
                return site.name();
            }
        }
        for (GatewayPeer gateway : model.gateways().values()) {
            if (gateway.peer().reaches(address)) {
                return gateway.name();
            }
        }
        return null;
    }
}
