package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.tcp.TcpChannel;
import dev.culvert.dataplane.tcp.TcpServerChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The kernel's sockets of one interface: bound to it, so that whatever the routes say they dial through it and take
/// nothing from elsewhere. They behave as channels of the embedded stack do: half-close is kept, silence is probed.
final class TunSockets {
    private static final Logger LOG = LoggerFactory.getLogger(TunSockets.class);
    // asm-generic/socket.h and linux/if.h, the same on x86-64 and aarch64.
    private static final int SOL_SOCKET = 1;
    private static final int SO_BINDTODEVICE = 25;
    private static final int NAME = 16;

    private static final int BACKLOG = 4096;

    private final byte[] name;
    private final PortChange opened;
    private final PortChange closed;

    /// What is done about a port, on the loop.
    @FunctionalInterface
    interface PortChange {
        void accept(int tcpPort) throws IOException;
    }

    /// @param opened told when a port is listened on; if it throws, it is not
    TunSockets(String interfaceName, PortChange opened, PortChange closed) {
        this.name = Arrays.copyOf(interfaceName.getBytes(StandardCharsets.US_ASCII), NAME);
        this.opened = opened;
        this.closed = closed;
    }

    Channel connection() {
        return new TcpChannel((fresh, _) -> bindToDevice(fresh));
    }

    private void bindToDevice(Socket fresh) throws IOException {
        fresh.setRawOpt(SOL_SOCKET, SO_BINDTODEVICE, ByteBuffer.wrap(name));
    }

    ServerChannel listener() {
        TcpServerChannel channel = new TcpServerChannel(
                (fresh, _) -> {
                    bindToDevice(fresh);
                    // A port of the tunnel and the same one of every address may belong to one node: see Listeners.
                    fresh.setReusePort(true);
                },
                BACKLOG);
        channel.pipeline().addFirst(new Entrance());
        return channel;
    }

    /// Opens the port to peers when it is bound, and closes it with the channel.
    private final class Entrance extends ChannelDuplexHandler {
        private int port;

        @Override
        public void bind(ChannelHandlerContext ctx, SocketAddress local, ChannelPromise promise) {
            ChannelPromise bound = ctx.newPromise();
            bound.addListener(done -> {
                try {
                    if (done.isSuccess()) {
                        port = ((InetSocketAddress) local).getPort();
                        opened.accept(port);
                        promise.trySuccess();
                    } else {
                        promise.tryFailure(done.cause());
                    }
                } catch (IOException e) {
                    promise.tryFailure(e);
                    ctx.close();
                }
            });
            ctx.bind(local, bound);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            try {
                if (port != 0) {
                    closed.accept(port);
                }
            } catch (IOException e) {
                LOG.warn("{}", e.getMessage());
            }
            ctx.fireChannelInactive();
        }
    }
}
