package dev.culvert.dataplane;

import dev.culvert.dataplane.http.UpstreamPool;
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
import org.jspecify.annotations.Nullable;

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
    // Closed as soon as their last connection is, unless they are wanted again.
    private final Map<Bind, Open> retiring = new HashMap<>();

    private record Open(Channel channel, QuicIngress ingress) {}

    Datagrams(Loops loops, Doorway doorway, UpstreamPool pool, Executor workers, Consumer<Channel> visitors) {
        this.loops = loops;
        this.doorway = doorway;
        this.pool = pool;
        this.workers = workers;
        this.visitors = visitors;
    }

    /// Opens what has to be, and lets go of what has not: those connections come to their end.
    ///
    /// @param wanted listeners with TLS and where they are bound in truth
    synchronized void keep(Map<Listener, InetSocketAddress> wanted, boolean accepting) {
        Map<Bind, Listener> next = new HashMap<>();
        wanted.keySet().forEach(listener -> next.put(listener.bind(), listener));
        List.copyOf(open.keySet()).stream()
                .filter(bind -> !next.containsKey(bind))
                .forEach(this::retire);
        wanted.forEach((listener, bound) -> {
            Open back = retiring.remove(listener.bind());
            if (back != null) {
                opened(listener, back);
            }
            Open known = open.get(listener.bind());
            if (known == null) {
                bind(listener, bound);
            } else {
                known.ingress.listener(listener);
            }
        });
        accept(accepting);
    }

    /// Whether visitors may begin.
    synchronized void accept(boolean wanted) {
        open.values().forEach(socket -> socket.ingress.accept(wanted));
        if (wanted) {
            read(true);
        }
    }

    /// Whether datagrams are taken, or wait in the kernel.
    synchronized void read(boolean wanted) {
        for (Open socket : open.values()) {
            socket.channel
                    .eventLoop()
                    .submit(() -> socket.channel.config().setAutoRead(wanted))
                    .awaitUninterruptibly();
        }
    }

    synchronized List<InheritedSockets.Lent> lent() {
        List<InheritedSockets.Lent> all = new ArrayList<>();
        open.forEach((bind, socket) -> {
            if (socket.channel instanceof UnixChannel unix) {
                all.add(new InheritedSockets.Lent(
                        InheritedSockets.quic(bind), unix.fd().intValue()));
            }
        });
        return all;
    }

    synchronized void closeAll() {
        retiring.values().forEach(closing -> closing.channel.close().syncUninterruptibly());
        retiring.clear();
        for (Bind bind : List.copyOf(open.keySet())) {
            Open closing = forget(bind);
            if (closing != null) {
                closing.channel.close().syncUninterruptibly();
            }
        }
    }

    private void retire(Bind bind) {
        Open closing = forget(bind);
        if (closing != null) {
            retiring.put(bind, closing);
            closing.ingress.drain().addListener(_ -> retired(bind, closing));
        }
    }

    private synchronized void retired(Bind bind, Open closing) {
        if (retiring.remove(bind, closing)) {
            closing.channel.close();
        }
    }

    private void opened(Listener listener, Open socket) {
        open.put(listener.bind(), socket);
        doorway.tls().quic().add(listener.bind());
    }

    private @Nullable Open forget(Bind bind) {
        doorway.tls().quic().remove(bind);
        return open.remove(bind);
    }

    private void bind(Listener listener, InetSocketAddress tcp) {
        QuicIngress ingress = new QuicIngress(doorway, listener, pool, visitors);
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
                        channel.pipeline().addLast(ingress.door(workers));
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
        opened(listener, new Open(bound.channel(), ingress));
    }
}
