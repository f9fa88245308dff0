package dev.culvert.dataplane.tunnel;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.netty.channel.unix.RawUnixChannelOption;
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
    private static final RawUnixChannelOption BIND_TO_DEVICE =
            new RawUnixChannelOption("SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE, NAME);

    private static final int BACKLOG = 4096;
    private static final int KEEP_IDLE_SECONDS = 60;
    private static final int KEEP_INTERVAL_SECONDS = 15;
    private static final int KEEP_PROBES = 4;

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
        EpollSocketChannel channel = new EpollSocketChannel();
        channel.config().setOption(BIND_TO_DEVICE, ByteBuffer.wrap(name));
        settle(channel.config());
        return channel;
    }

    private static void settle(EpollSocketChannelConfig config) {
        config.setAllowHalfClosure(true);
        config.setTcpNoDelay(true);
        config.setKeepAlive(true);
        config.setTcpKeepIdle(KEEP_IDLE_SECONDS);
        config.setTcpKeepIntvl(KEEP_INTERVAL_SECONDS);
        config.setTcpKeepCnt(KEEP_PROBES);
    }

    ServerChannel listener() {
        EpollServerSocketChannel channel = new EpollServerSocketChannel();
        channel.config().setOption(BIND_TO_DEVICE, ByteBuffer.wrap(name));
        channel.config().setReuseAddress(true);
        // A port of the tunnel and the same one of every address may belong to one node: see Listeners.
        channel.config().setReusePort(true);
        channel.config().setBacklog(BACKLOG);
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
        public void channelRead(ChannelHandlerContext ctx, Object accepted) {
            settle(((EpollSocketChannel) accepted).config());
            ctx.fireChannelRead(accepted);
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
