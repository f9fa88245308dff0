package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.proto.netstack.UdpEndpoint;
import dev.culvert.proto.netstack.UdpSocket;
import java.nio.ByteBuffer;

/// A UDP port inside the tunnel.
final class StackPort implements DatagramPort {
    private final StackInside inside;
    private final UdpSocket socket;
    private final Receiver receiver;
    private final UdpEndpoint ends = new UdpEndpoint();
    private boolean closed;

    StackPort(StackInside inside, UdpSocket socket, Receiver receiver) {
        this.inside = inside;
        this.socket = socket;
        this.receiver = receiver;
        socket.attach(this);
    }

    /// Datagrams wait in the socket.
    void ready() {
        ByteBuffer datagram = inside.datagram();
        while (!closed && socket.receive(datagram.clear(), ends)) {
            receiver.datagram(datagram.flip(), ends);
        }
    }

    @Override
    public boolean send(ByteBuffer payload, UdpEndpoint to) {
        // The socket moves the position of what it takes.
        int start = payload.position();
        boolean taken = !closed && socket.send(payload, to);
        payload.position(start);
        if (taken) {
            inside.schedulePump();
        }
        return taken;
    }

    @Override
    public int maxPayload(UdpEndpoint to) {
        return socket.maxPayload(to);
    }

    @Override
    public int port() {
        return socket.port();
    }

    @Override
    public void read(boolean wanted) {
        // A tunnel that is suspended hands nothing out.
    }

    @Override
    public int descriptor() {
        return -1;
    }

    @Override
    public void close() {
        closed = true;
        socket.close();
    }
}
