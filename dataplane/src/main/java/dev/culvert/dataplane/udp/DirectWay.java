package dev.culvert.dataplane.udp;

import dev.culvert.proto.netstack.UdpEndpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A flow straight to an address inside the tunnel, from a port of its own.
public final class DirectWay implements Way, DatagramPort.Receiver {
    private final Visitor visitor;
    private final UdpEndpoint target;
    private final byte[] header;
    private ByteBuffer framed = ByteBuffer.allocate(0);
    private @Nullable DatagramPort port;

    private DirectWay(Visitor visitor, UdpEndpoint target, byte[] header) {
        this.visitor = visitor;
        this.target = target;
        this.header = header;
    }

    /// @param own this node's address inside the tunnel, of the target's family
    /// @param header what stands in front of each datagram; empty for nothing
    /// @throws IOException if there is no port left
    public static DirectWay open(
            DatagramPorts inside, InetAddress own, InetSocketAddress target, byte[] header, Visitor visitor)
            throws IOException {
        DirectWay way = new DirectWay(visitor, new UdpEndpoint(own, target), header);
        way.port = inside.bind(own, 0, false, way);
        return way;
    }

    @Override
    public boolean send(ByteBuffer payload) {
        DatagramPort current = port;
        if (current == null) {
            return false;
        }
        if (header.length == 0) {
            return current.send(payload, target);
        }
        int length = header.length + payload.remaining();
        if (framed.capacity() < length) {
            framed = ByteBuffer.allocate(Math.max(2048, length));
        }
        return current.send(framed.clear().put(header).put(payload.duplicate()).flip(), target);
    }

    @Override
    public void datagram(ByteBuffer payload, UdpEndpoint from) {
        if (from.hasRemote(target)) {
            visitor.answer(payload);
        } else {
            visitor.dropped(DatagramFault.STRANGER);
        }
    }

    @Override
    public void close() {
        DatagramPort current = port;
        if (current != null) {
            current.close();
        }
    }
}
