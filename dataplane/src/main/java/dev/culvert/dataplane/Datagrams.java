package dev.culvert.dataplane;

import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.ingress.QuicDoor;
import dev.culvert.dataplane.ingress.QuicIngress;
import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.unix.UnixChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The UDP sockets of HTTP/3, each beside a listener with TLS and open as long as the model wants it. Owned by
/// [Listeners].
///
/// HTTP/3 is what browsers may use instead, so one that cannot be opened prevents nothing: the operator is told, and
/// nobody else.
final class Datagrams {
    // QUIC has no larger ones by default (RFC 9000 §18.2), and all networks carry less.
    private static final int MAX_DATAGRAM = 2048;
    private static final int RECEIVE_BUFFER = 1024 * 1024;

    private final Loops loops;
    private final Doorway doorway;
    private final UpstreamPool pool;
    private final Executor workers;
    private final Consumer<Channel> visitors;
    private final Map<Bind, Open> open = new HashMap<>();

    private static final class Open {
        final Channel channel;
        volatile Listener listener;

        Open(Channel channel, Listener listener) {
            this.channel = channel;
            this.listener = listener;
        }
    }

    Datagrams(Loops loops, Doorway doorway, UpstreamPool pool, Executor workers, Consumer<Channel> visitors) {
        this.loops = loops;
        this.doorway = doorway;
        this.pool = pool;
        this.workers = workers;
        this.visitors = visitors;
    }

    /// Opens and closes what has to be.
    ///
    /// @param wanted listeners with TLS and where they are bound in truth
    void keep(Map<Listener, InetSocketAddress> wanted, boolean reading) {
        Map<Bind, Listener> next = new HashMap<>();
        wanted.keySet().forEach(listener -> next.put(listener.bind(), listener));
        List.copyOf(open.keySet()).stream()
                .filter(bind -> !next.containsKey(bind))
                .forEach(this::close);
        wanted.forEach((listener, bound) -> {
            Open known = open.get(listener.bind());
            if (known == null) {
                bind(listener, bound);
            } else {
                known.listener = listener;
            }
        });
        read(reading);
    }

    /// Whether datagrams are taken, or wait in the kernel.
    void read(boolean wanted) {
        for (Open socket : open.values()) {
            socket.channel
                    .eventLoop()
                    .submit(() -> socket.channel.config().setAutoRead(wanted))
                    .awaitUninterruptibly();
        }
    }

    List<InheritedSockets.Lent> lent() {
        List<InheritedSockets.Lent> all = new ArrayList<>();
        open.forEach((bind, socket) -> {
            if (socket.channel instanceof UnixChannel unix) {
                all.add(new InheritedSockets.Lent(
                        InheritedSockets.quic(bind), unix.fd().intValue()));
            }
        });
        return all;
    }

    void closeAll() {
        List.copyOf(open.keySet()).forEach(this::close);
    }

    private void close(Bind bind) {
        doorway.tls().quic().remove(bind);
        Open closing = open.remove(bind);
        if (closing != null) {
            closing.channel.close().syncUninterruptibly();
        }
    }

    private void bind(Listener listener, InetSocketAddress tcp) {
        Open[] self = new Open[1];
        Supplier<QuicIngress> ingress = () -> new QuicIngress(doorway, () -> self[0].listener, pool, visitors);
        ChannelFactory<Channel> inherited = loops.inheritedDatagrams(listener.bind());
        Bootstrap socket = new Bootstrap()
                .group(loops.visitors())
                .channelFactory(inherited != null ? inherited : loops.datagrams())
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(MAX_DATAGRAM))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new QuicDoor(doorway, ingress, workers));
                    }
                });
        InetAddress address = listener.bind().address();
        InetSocketAddress at =
                address == null ? new InetSocketAddress(tcp.getPort()) : new InetSocketAddress(address, tcp.getPort());
        ChannelFuture bound = (inherited == null ? socket.bind(at) : socket.register()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            doorway.events()
                    .report(
                            listener.label(),
                            "http3.closed",
                            "HTTP/3 is not served: UDP port " + tcp.getPort() + " cannot be opened ("
                                    + bound.cause().getMessage() + "); http3: off under https: does without");
            return;
        }
        self[0] = new Open(bound.channel(), listener);
        open.put(listener.bind(), self[0]);
        doorway.tls().quic().add(listener.bind());
    }
}
