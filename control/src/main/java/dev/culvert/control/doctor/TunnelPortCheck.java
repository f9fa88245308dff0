package dev.culvert.control.doctor;

import dev.culvert.control.machine.BoundSocket.Transport;
import dev.culvert.control.machine.PortHolders;
import dev.culvert.model.TunnelSettings;

/// The UDP port of WireGuard: bound, and the one that the configuration names.
final class TunnelPortCheck implements Check {
    private final TunnelSettings tunnel;
    private final int bound;

    /// @param bound the port that this node has, 0 where none runs
    TunnelPortCheck(TunnelSettings tunnel, int bound) {
        this.tunnel = tunnel;
        this.bound = bound;
    }

    @Override
    public String name() {
        return "UDP port";
    }

    @Override
    public Finding run() {
        int wanted = tunnel.listen().port();
        String holder =
                wanted == 0 || wanted == bound ? null : PortHolders.now().holder(Transport.UDP, wanted);
        if (bound == 0) {
            return holder == null
                    ? Finding.ok(name(), wanted == 0 ? "any free one will do" : "nobody holds " + wanted)
                    : Finding.broken(
                            name(),
                            "UDP " + wanted + " is held by " + holder,
                            "stop it, or name another port: tunnel: {listen: PORT}");
        }
        if (wanted != 0 && wanted != bound) {
            return Finding.warn(
                    name(),
                    "UDP " + bound + " is used, as " + wanted + " was held by "
                            + (holder == null ? "somebody else at the start" : holder),
                    "open UDP " + bound + " in the firewall; sites that joined keep dialling what their token said");
        }
        return Finding.ok(name(), "UDP " + bound + " is held by this node");
    }
}
