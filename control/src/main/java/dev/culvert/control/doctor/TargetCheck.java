package dev.culvert.control.doctor;

import dev.culvert.control.machine.BoundSocket;
import dev.culvert.control.machine.BoundSocket.Transport;
import dev.culvert.control.machine.PortHolders;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Literals;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/// At a site: whether a target of the `allow:` list answers, and if it is on this machine, why not.
final class TargetCheck implements Check {
    private static final long MILLIS = 3_000;

    private final Node node;
    private final String host;
    private final int port;
    private final Set<InetAddress> own;

    /// @param own this machine's addresses
    TargetCheck(Node node, String host, int port, Set<InetAddress> own) {
        this.node = node;
        this.host = host;
        this.port = port;
        this.own = own;
    }

    @Override
    public String name() {
        return "target " + Literals.hostPort(host, port);
    }

    @Override
    public Finding run() {
        try {
            long nanos = Answers.of(node.probeTarget(host, port), MILLIS);
            return Finding.ok(name(), "answers, %.1f ms".formatted(nanos / 1e6));
        } catch (DialException e) {
            return e.broken() == Broken.TARGET_REFUSED ? refused() : Finding.broken(name(), text(e), "mend the target");
        } catch (IOException e) {
            return Finding.broken(
                    name(), "does not answer: " + e.getMessage(), "is that machine on? does its firewall drop this?");
        }
    }

    private Finding refused() {
        InetAddress address = Literals.address(host);
        boolean here = address != null && (address.isLoopbackAddress() || own.contains(address));
        if (!here) {
            return Finding.broken(
                    name(),
                    "refuses: that machine is on, and nothing listens there on port " + port,
                    "start the service there; or it listens on its 127.0.0.1 only: let it listen on " + host);
        }
        List<BoundSocket> others = PortHolders.now().sockets().stream()
                .filter(socket -> socket.transport() == Transport.TCP && socket.port() == port)
                .toList();
        return others.isEmpty()
                ? Finding.broken(
                        name(),
                        "refuses: the service is down, nothing on this machine listens on port " + port,
                        "start it")
                : elsewhere(others.getFirst());
    }

    private Finding elsewhere(BoundSocket socket) {
        String listens = Literals.format(socket.address());
        return Finding.broken(
                name(),
                "refuses: the service listens on " + listens + " only, not on " + host,
                "let the target say " + Literals.hostPort(listens, port)
                        + " (in allow: and at the gateway), or let the service listen on " + host);
    }

    private static String text(IOException e) {
        return String.valueOf(e.getMessage());
    }
}
