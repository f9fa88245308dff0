package dev.culvert.dataplane.hop;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.udp.DatagramFault;
import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.dataplane.udp.Way;
import dev.culvert.proto.netstack.UdpEndpoint;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The gateway's side of the hop for one flow of datagrams, which has a port of its own inside the tunnel.
///
/// The port of the site says what a datagram is: at [Ports#HOP] a request, with the first payload behind it where both
/// fit into one packet, and the site's replies; at [Ports#FLOWS] payload alone. So a visitor's bytes can never be taken
/// for a request, and none of them is spent on telling. Until the site has said OK, each datagram brings the request;
/// when the site knows nothing of the flow any more, the next one does again.
public final class DatagramHop implements Way, DatagramPort.Receiver {
    private final Visitor visitor;
    private final byte[] request;
    private final UdpEndpoint toHop;
    private final UdpEndpoint toFlows;
    private final ByteBuffer opening;
    private @Nullable DatagramPort port;
    private boolean open;

    private DatagramHop(Visitor visitor, HopRequest request, InetAddress own, InetAddress site, int mtu) {
        this.visitor = visitor;
        ByteBuffer out = ByteBuffer.allocate(request.length());
        byte[] bytes = new byte[request.write(out)];
        out.flip().get(bytes);
        this.request = bytes;
        this.toHop = new UdpEndpoint(own, new InetSocketAddress(site, Ports.HOP));
        this.toFlows = new UdpEndpoint(own, new InetSocketAddress(site, Ports.FLOWS));
        this.opening = ByteBuffer.allocate(Math.max(mtu, bytes.length));
    }

    /// @param own this node's address inside the tunnel
    /// @param site the site's, of the same family
    /// @param mtu the largest packet inside the tunnel
    /// @throws IOException if there is no port left
    public static DatagramHop open(
            DatagramPorts inside, InetAddress own, InetAddress site, int mtu, HopRequest request, Visitor visitor)
            throws IOException {
        DatagramHop hop = new DatagramHop(visitor, request, own, site, mtu);
        hop.port = inside.bind(own, 0, false, hop);
        return hop;
    }

    @Override
    public boolean send(ByteBuffer payload) {
        DatagramPort current = port;
        if (current == null) {
            return false;
        }
        if (open) {
            return current.send(payload, toFlows);
        }
        opening.clear().put(request);
        if (request.length + payload.remaining() <= Math.min(opening.capacity(), current.maxPayload(toHop))) {
            return current.send(opening.put(payload.duplicate()).flip(), toHop);
        }
        return current.send(opening.flip(), toHop) && current.send(payload, toFlows);
    }

    @Override
    public void datagram(ByteBuffer payload, UdpEndpoint from) {
        if (from.hasRemote(toFlows)) {
            visitor.answer(payload);
        } else if (from.hasRemote(toHop)
                && HopReply.parse(payload) instanceof HopReply.Accepted(HopReply reply)
                && payload.remaining() == HopReply.LENGTH) {
            replied(reply.code());
        } else {
            visitor.dropped(DatagramFault.STRANGER);
        }
    }

    private void replied(HopCode code) {
        switch (code) {
            case OK -> {
                open = true;
                visitor.connected();
            }
            case UNKNOWN_FLOW -> {
                open = false;
                visitor.dropped(DatagramFault.UNKNOWN_FLOW);
            }
            case DENIED, REFUSED, UNREACHABLE, TIMEOUT, OVERLOADED, BAD_HEADER ->
                visitor.failed(new DialException(HopHandshake.broken(code), ""));
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
