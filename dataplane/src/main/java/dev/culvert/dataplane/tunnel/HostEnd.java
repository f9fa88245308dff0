package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.inet.IpPrefix;
import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What drivers with an interface of the kernel's share: its sockets, the ports that peers reach, and the routes to
/// peers. Owned by the tunnel loop, but for the factories.
final class HostEnd {
    private static final Logger LOG = LoggerFactory.getLogger(HostEnd.class);

    private final HostNetwork network;
    private final TunSockets sockets;
    private final int mtu;
    private final Set<Integer> listening = new TreeSet<>();
    private boolean closedToNew;
    private boolean closed;

    HostEnd(String interfaceName, HostNetwork network, int mtu) {
        this.network = network;
        this.mtu = mtu;
        this.sockets = new TunSockets(interfaceName, this::listens, this::listensNoMore);
    }

    Channel connection() {
        return sockets.connection();
    }

    ServerChannel listener() {
        return sockets.listener();
    }

    /// @throws IOException if the port cannot be opened to peers
    private void listens(int tcpPort) throws IOException {
        listening.add(tcpPort);
        open();
    }

    private void listensNoMore(int tcpPort) throws IOException {
        listening.remove(tcpPort);
        open();
    }

    /// Listeners may outlive the tunnel by some turns of their loop.
    private void open() throws IOException {
        if (closed) {
            return;
        }
        network.open(closedToNew ? Set.of() : listening);
    }

    /// Whether peers reach any port at all; what stands goes on where the rules know it as an answer.
    void acceptNew(boolean accept) {
        if (closedToNew == accept) {
            closedToNew = !accept;
            tell(this::open);
        }
    }

    /// Says that a peer has `now` in place of `before`.
    void addresses(List<IpPrefix> before, List<IpPrefix> now) {
        for (IpPrefix prefix : before) {
            if (isRouted(prefix) && !now.contains(prefix)) {
                tell(() -> network.unroute(prefix));
            }
        }
        for (IpPrefix prefix : now) {
            if (isRouted(prefix) && !before.contains(prefix)) {
                tell(() -> network.route(prefix, 0));
            }
        }
    }

    /// What a hub's default route leads to is the internet, by which the tunnel itself goes. Culvert's own sockets are
    /// bound to the interface and need no route.
    private static boolean isRouted(IpPrefix prefix) {
        return prefix.length() > 0;
    }

    /// Says how large packets to these places may be.
    void pathMtu(Collection<IpPrefix> destinations, int bytes) {
        for (IpPrefix prefix : destinations) {
            if (isRouted(prefix)) {
                tell(() -> network.route(prefix, bytes >= mtu ? 0 : bytes));
            }
        }
    }

    @FunctionalInterface
    private interface Request {
        void make() throws IOException;
    }

    private static void tell(Request request) {
        try {
            request.make();
        } catch (IOException e) {
            LOG.warn("{}", e.getMessage());
        }
    }

    /// Puts back what somebody has taken away; to be called now and then.
    void keep() {
        tell(network::keep);
    }

    void close() {
        closed = true;
        network.close();
    }
}
