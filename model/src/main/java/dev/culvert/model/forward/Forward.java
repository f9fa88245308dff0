package dev.culvert.model.forward;

import dev.culvert.model.Bind;
import dev.culvert.model.Transport;
import java.net.InetAddress;

/// One way through the gateway's kernel: from a port of its own, or several in a row, to as many of one address inside
/// the tunnel.
///
/// @param service whose it is
/// @param from where visitors come; without an address, or with the one that stands for all, any of the machine's own
/// @param target where they are led
/// @param port the first port there; that of `from` where there are several
/// @param keepsSource whether the target sees the visitor's own address, and not the gateway's in the tunnel
public record Forward(
        String service,
        Transport transport,
        Bind from,
        InetAddress target,
        int port,
        boolean keepsSource,
        Guard guard) {
    public boolean isIpv4() {
        return target.getAddress().length == 4;
    }

    /// The last port of the target.
    public int lastPort() {
        return port + from.count() - 1;
    }

    /// Whether visitors come to any address of the machine.
    public boolean isAnywhere() {
        InetAddress address = from.address();
        return address == null || address.isAnyLocalAddress();
    }
}
