package dev.culvert.control.audit;

import dev.culvert.control.doctor.Finding;
import dev.culvert.control.machine.BoundSocket;
import dev.culvert.control.machine.BoundSocket.Transport;
import dev.culvert.control.machine.DockerPorts;
import dev.culvert.control.machine.PortHolders;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// What is open on this machine, and is not Culvert's. Root sees every holder's name; others their own processes'.
public final class MachineAudit {
    private final Set<String> ours;
    private final Set<Integer> published;

    /// @param ours ports of the node, as `tcp 80`
    /// @param published TCP ports of targets on this machine, which visitors reach through a gateway
    public MachineAudit(Set<String> ours, Set<Integer> published) {
        this.ours = Set.copyOf(ours);
        this.published = Set.copyOf(published);
    }

    /// Looks now.
    public List<Finding> findings() {
        return findings(PortHolders.now(), DockerPorts.now());
    }

    List<Finding> findings(PortHolders holders, DockerPorts docker) {
        List<Finding> findings = new ArrayList<>();
        // A service on 0.0.0.0 and :: is one service.
        Map<String, BoundSocket> open = new LinkedHashMap<>();
        for (BoundSocket socket : holders.sockets()) {
            String port = socket.transport() + " " + socket.port();
            if (socket.onEveryAddress()
                    && !ours.contains(port)
                    && !docker.published().containsKey(port)) {
                open.putIfAbsent(port, socket);
            }
        }
        open.forEach((port, socket) -> findings.add(open(port, socket, holders.describe(socket))));
        docker.published()
                .forEach((port, container) -> findings.add(new Finding(
                        port.toUpperCase(Locale.ROOT),
                        Finding.Level.BROKEN,
                        "published by docker to everyone, past ufw and other firewall rules of this machine: to "
                                + container,
                        "publish it on 127.0.0.1 only: -p 127.0.0.1:" + number(port)
                                + ":…, and let a target name that")));
        findings.add(
                docker.firewallSeen()
                        ? Finding.ok("docker's rules", docker.published().size() + " ports are published")
                        : Finding.unknown(
                                "docker's rules",
                                "this user may not read the firewall: ports that docker publishes without docker-proxy are not"
                                        + " seen (ask as root). Docker's own socket is not asked"));
        if (open.isEmpty()) {
            findings.add(Finding.ok("open ports", "nothing but this node's listens on every address"));
        }
        return findings;
    }

    private Finding open(String port, BoundSocket socket, String holder) {
        String name = port.toUpperCase(Locale.ROOT);
        if (socket.transport() == Transport.TCP && published.contains(socket.port())) {
            return new Finding(
                    name,
                    Finding.Level.BROKEN,
                    "is published through the gateway, and open to everyone who reaches this machine too: " + holder,
                    "let it listen on 127.0.0.1 only, and the target say 127.0.0.1:" + socket.port());
        }
        return new Finding(
                name,
                Finding.Level.WARN,
                "open to everyone, held by " + holder,
                "if strangers need not reach it, let it listen on 127.0.0.1, or close it in the firewall");
    }

    private static String number(String port) {
        return port.substring(port.indexOf(' ') + 1);
    }
}
