package dev.culvert.control.doctor;

import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.os.ForwardTraffic;
import dev.culvert.model.Service;

/// Whether the kernel forwards what a service with `forward: kernel` declares. What this machine sends to its own
/// public port, the kernel does not forward: so the rules are looked at, and no connection is tried.
final class ForwardCheck implements Check {
    private final Node node;
    private final Service service;

    ForwardCheck(Node node, Service service) {
        this.node = node;
        this.service = service;
    }

    @Override
    public String name() {
        return service.name() + ": forward";
    }

    @Override
    public Finding run() {
        String ports = String.join(", ", service.listens());
        ForwardTraffic traffic = node.forwarded().get(service.name());
        if (traffic == null) {
            return Finding.broken(
                    name(),
                    "the kernel has no rule for " + ports,
                    "the log says why; `culvert check` says whether the configuration is whole");
        }
        return Finding.ok(
                name(),
                ports + " by the kernel: " + traffic.connections() + " let through, " + traffic.refused()
                        + " packets refused; whether a firewall of the provider lets strangers in can only be seen from"
                        + " outside");
    }
}
