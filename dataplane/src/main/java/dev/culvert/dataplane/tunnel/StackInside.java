package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.netstack.Drop;
import dev.culvert.proto.netstack.EchoReply;
import dev.culvert.proto.netstack.Pollable;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackStatus;
import dev.culvert.proto.netstack.TcpListener;
import dev.culvert.proto.netstack.TcpSocket;
import dev.culvert.proto.netstack.UdpSocket;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// TCP/IP inside the process, as Netty channels without a file descriptor: the driver `embedded`.
final class StackInside implements Inside {
    private final Stack stack;
    private final Pings pings;
    private final EchoReply echoReply = new EchoReply();
    private final ByteBuffer datagram = ByteBuffer.allocate(1 << 16);
    private @Nullable Pump loop;

    StackInside(Stack stack, Pings pings) {
        this.stack = stack;
        this.pings = pings;
    }

    @Override
    public String type() {
        return "embedded";
    }

    @Override
    public ChannelFactory<Channel> connections() {
        return () -> new StackChannel(this);
    }

    @Override
    public ChannelFactory<ServerChannel> listeners() {
        return () -> new StackServerChannel(this);
    }

    @Override
    public DatagramPorts datagrams() {
        return new StackPorts(this);
    }

    /// A UDP port on all of the node's addresses; 0 for any.
    ///
    /// @throws IOException if it is taken
    UdpSocket bindUdp(int port) throws IOException {
        UdpSocket socket = stack.bindUdp(port);
        if (socket == null) {
            throw new BindException(
                    port == 0
                            ? "all UDP ports inside the tunnel are in use"
                            : "UDP port " + port + " inside the tunnel is already in use");
        }
        return socket;
    }

    /// Room for one datagram out of the stack, until the next one.
    ByteBuffer datagram() {
        return datagram;
    }

    @Override
    public void start(Pump owner) {
        loop = owner;
    }

    private Pump loop() {
        return Objects.requireNonNull(loop, "before the tunnel's start");
    }

    EventLoop eventLoop() {
        return loop().eventLoop();
    }

    void schedulePump() {
        loop().schedulePump();
    }

    /// Opens a connection from the node's own address of the remote's family.
    ///
    /// @throws IOException if the stack has no room for one more, or no address of that family
    TcpSocket connect(InetSocketAddress remote) throws IOException {
        TcpSocket socket = stack.connect(null, remote, loop().now());
        if (socket == null) {
            throw new IOException(
                    "the tunnel has no room for one more connection, or no address of the family of " + remote);
        }
        return socket;
    }

    /// @throws IOException if the port is taken
    TcpListener listen(int tunnelPort) throws IOException {
        TcpListener listener = stack.listen(tunnelPort);
        if (listener == null) {
            throw new IOException("port " + tunnelPort + " inside the tunnel is already listened on");
        }
        return listener;
    }

    @Override
    public void handlePacket(ByteBuffer packet, long now) {
        stack.handlePacket(packet, now);
    }

    @Override
    public void dispatch(long now) {
        while (stack.pollEchoReply(echoReply)) {
            pings.replied(echoReply.source(), echoReply.identifier(), echoReply.payloadLength(), now);
        }
        Pollable ready;
        while ((ready = stack.pollReady()) != null) {
            try {
                dispatch(ready);
            } catch (RuntimeException | Error e) {
                loop().failed(e);
                if (ready.attachment() instanceof StackChannel broken) {
                    broken.abort();
                }
            }
        }
    }

    private static void dispatch(Pollable ready) {
        switch (ready) {
            case TcpSocket socket -> {
                if (socket.attachment() instanceof StackChannel channel) {
                    channel.ready();
                }
            }
            case TcpListener listener -> {
                if (listener.attachment() instanceof StackServerChannel channel) {
                    channel.ready();
                }
            }
            case UdpSocket socket -> {
                if (socket.attachment() instanceof StackPort port) {
                    port.ready();
                }
            }
        }
    }

    @Override
    public boolean pollTransmit(ByteBuffer out, long now) {
        return stack.pollTransmit(out, now);
    }

    @Override
    public void handleTimeout(long now) {
        stack.handleTimeout(now);
    }

    @Override
    public long nextDeadline() {
        return stack.nextDeadline();
    }

    @Override
    public void sendEcho(InetAddress to, int identifier, int payloadLength, long now) {
        stack.sendEcho(null, to, identifier, 1, payloadLength, now);
    }

    @Override
    public void addresses(List<IpPrefix> before, List<IpPrefix> now) {
        // The stack asks nobody where to: all that is not its own goes to the device.
    }

    @Override
    public void pathMtu(Collection<IpPrefix> destinations, int bytes) {
        stack.pathMtu(destinations, bytes);
    }

    @Override
    public void acceptNew(boolean accept) {
        stack.acceptNew(accept);
    }

    @Override
    public StackStatus status(int most, long now) {
        return stack.status(most, now);
    }

    @Override
    public void drops(Map<String, Long> into) {
        for (Drop reason : Drop.values()) {
            into.put("netstack." + reason, stack.drops(reason));
        }
    }

    @Override
    public void stop() {
        // Nothing comes by itself.
    }

    @Override
    public void close() {
        // Its memory goes with it.
    }
}
