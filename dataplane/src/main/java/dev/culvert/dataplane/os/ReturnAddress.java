package dev.culvert.dataplane.os;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a datagram came from, and to which of our addresses: an answer leaves from there, or a NAT on the way and the
/// peer itself do not take it for one. Equal to every other [InetSocketAddress] of that place.
///
/// It goes through the device like any address. Whoever makes a fresh one of it has forgotten what is noted here.
final class ReturnAddress extends InetSocketAddress {
    private static final long serialVersionUID = 1;

    final long localHigh;
    final long localLow;

    // Of one loop, like the port.
    private boolean refused;

    ReturnAddress(InetAddress address, int port, long localHigh, long localLow) {
        super(address, port);
        this.localHigh = localHigh;
        this.localLow = localLow;
    }

    /// Whether datagrams can leave from our address, as far as is known.
    boolean holds() {
        return !refused;
    }

    /// The kernel sends from it no more: it was removed, or no route takes it.
    void refuse() {
        refused = true;
    }
}
