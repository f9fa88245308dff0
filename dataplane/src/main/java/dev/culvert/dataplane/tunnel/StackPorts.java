package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// UDP ports inside the tunnel, each on all of the node's addresses there.
final class StackPorts implements DatagramPorts {
    private final StackInside inside;

    StackPorts(StackInside inside) {
        this.inside = inside;
    }

    @Override
    public DatagramPort bind(@Nullable InetAddress address, int port, boolean shared, DatagramPort.Receiver receiver)
            throws IOException {
        return new StackPort(inside, inside.bindUdp(port), receiver);
    }

    @Override
    public DatagramPort connect(InetSocketAddress remote, DatagramPort.Receiver receiver) throws IOException {
        throw new IOException("ports inside the tunnel have no single far end");
    }

    @Override
    public DatagramPort connectFrom(InetSocketAddress from, InetSocketAddress remote, DatagramPort.Receiver receiver)
            throws IOException {
        throw new IOException("inside the tunnel nobody speaks for another");
    }

    @Override
    public DatagramPort adopt(int descriptor, DatagramPort.Receiver receiver) throws IOException {
        throw new IOException("ports inside the tunnel have no descriptor");
    }
}
