package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.Ports;
import dev.culvert.proto.netstack.TcpListener;
import dev.culvert.proto.netstack.TcpSocket;
import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// A listening TCP port inside the tunnel; its children are [StackChannel]s on the same loop.
public final class StackServerChannel extends AbstractServerChannel {
    // A visit of the accept queue takes so many, then others have their turn.
    private static final int ACCEPT_BATCH = 64;

    // Of one host: more players than anybody has paused at once.
    private static final int MOST_STALLED = 64;

    private final StackInside tunnel;
    private final ChannelConfig config = new DefaultChannelConfig(this);
    private @Nullable TcpListener listener;
    private boolean readPending;
    private boolean closed;

    StackServerChannel(StackInside tunnel) {
        this.tunnel = tunnel;
    }

    void ready() {
        TcpListener current = listener;
        if (current == null || !readPending || closed) {
            return;
        }
        int taken = 0;
        TcpSocket accepted = null;
        while (taken < ACCEPT_BATCH && (accepted = current.accept()) != null) {
            taken++;
            readPending = false;
            pipeline().fireChannelRead(new StackChannel(this, tunnel, accepted));
        }
        if (taken > 0) {
            pipeline().fireChannelReadComplete();
        }
        if (accepted != null) {
            eventLoop().execute(this::ready);
        }
    }

    @Override
    protected void doBind(SocketAddress local) throws IOException {
        TcpListener bound = tunnel.listen(((InetSocketAddress) local).getPort());
        bound.attach(this);
        // By the hop the gateway speaks for all visitors.
        if (bound.port() != Ports.HOP) {
            bound.mostStalled(MOST_STALLED);
        }
        listener = bound;
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (listener != null) {
            eventLoop().execute(this::ready);
        }
    }

    @Override
    protected void doClose() {
        closed = true;
        TcpListener current = listener;
        if (current != null) {
            current.close();
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop.equals(tunnel.eventLoop());
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        TcpListener current = listener;
        return current == null ? null : InetSocketAddress.createUnresolved("tunnel", current.port());
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return !closed && listener != null;
    }
}
