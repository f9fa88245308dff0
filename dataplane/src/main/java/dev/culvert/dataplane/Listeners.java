package dev.culvert.dataplane;

import dev.culvert.dataplane.http.Arrival;
import dev.culvert.dataplane.http.Http1Connection;
import dev.culvert.dataplane.http.HttpIngress;
import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.ingress.HeaderWatch;
import dev.culvert.dataplane.ingress.ProxyIngress;
import dev.culvert.dataplane.ingress.TcpIngress;
import dev.culvert.dataplane.ingress.TlsIngress;
import dev.culvert.dataplane.relay.EarlyBytes;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.tcp.TcpServerChannel;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.ProxyTrust.Expectation;
import dev.culvert.model.Transport;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.forward.Forward;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The sockets at which visitors arrive, each open as long as some model wants it. Owned by the reconciler.
final class Listeners {
    private final Loops loops;
    private final TunnelDriver tunnel;
    private final Doorway doorway;
    private final UdpListeners udp;
    private final UpstreamPool pool;
    private final Consumer<Channel> metrics;
    private final Map<Socket, Open> open = new HashMap<>();
    private final ChannelGroup visitors = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Datagrams datagrams;
    private volatile IntFunction<@Nullable String> holders = _ -> null;
    private boolean paused;
    private Predicate<InetAddress> keptOut = _ -> false;

    /// What makes a listener another socket; its service may change under it.
    private record Socket(Listener.Scope scope, Bind bind, Listener.Protocol protocol) {
        static Socket of(Listener listener) {
            return new Socket(listener.scope(), listener.bind(), listener.protocol());
        }
    }

    private static final class Open {
        final Channel channel;
        volatile Listener listener;

        Open(Channel channel, Listener listener) {
            this.channel = channel;
            this.listener = listener;
        }
    }

    /// @param metrics takes a connection of a metrics listener
    /// @param workers may block
    Listeners(Loops loops, TunnelDriver tunnel, Doorway doorway, Consumer<Channel> metrics, Executor workers) {
        this.metrics = metrics;
        this.loops = loops;
        this.tunnel = tunnel;
        this.doorway = doorway;
        this.pool = new UpstreamPool(doorway.dialer());
        this.datagrams = new Datagrams(loops, doorway, pool, workers, visitors::add);
        this.udp = new UdpListeners(loops, tunnel.datagrams(), workers, doorway);
    }

    /// Whose connections inside the tunnel are closed without a word, as those of guests. To be said before the first
    /// listener.
    void keepOut(Predicate<InetAddress> addresses) {
        keptOut = addresses;
    }

    private boolean isKeptOut(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress from && keptOut.test(from.getAddress());
    }

    /// Opens what `wanted` has and is not open. All or nothing.
    ///
    /// @throws BindException with the remedy, if one cannot be opened; those opened by this call are closed again
    void acquire(List<Listener> wanted) throws IOException {
        List<Socket> fresh = new ArrayList<>();
        try {
            for (Listener listener : wanted) {
                Socket socket = Socket.of(listener);
                if (!listener.isUdp() && !open.containsKey(socket)) {
                    open.put(socket, bind(listener, isShared(listener, wanted)));
                    fresh.add(socket);
                }
            }
            udp.acquire(wanted.stream().filter(Listener::isUdp).toList());
        } catch (IOException e) {
            fresh.forEach(this::close);
            throw e;
        }
    }

    /// Whether its port is one of the tunnel's as well, and both are the kernel's: then the kernel has to be told that
    /// this is meant. Who comes by the tunnel's interface gets to the socket that is bound to it.
    private boolean isShared(Listener listener, List<Listener> wanted) {
        return tunnel.sharesPorts()
                && wanted.stream()
                        .anyMatch(other -> other.scope() == Listener.Scope.TUNNEL
                                && other.bind().port() == listener.bind().port());
    }

    /// Who knows which process holds a TCP port of this machine.
    void holders(IntFunction<@Nullable String> source) {
        holders = source;
    }

    /// Holds a port that the kernel shall forward against what listens on this machine: who is there would not be
    /// reached any more. Those of this node are given up for it.
    ///
    /// @throws BindException with the remedy
    void requireFree(Forward forward) throws IOException {
        boolean udp = forward.transport() == Transport.UDP;
        for (int i = 0; i < forward.from().count(); i++) {
            Bind bind = forward.from().at(i);
            String holder = isOurs(udp, bind.port()) ? null : holder(udp, bind);
            if (holder != null) {
                throw new BindException("port " + bind.port() + "/" + forward.transport() + " (service "
                        + forward.service() + ", forward: kernel) is already in use by " + holder);
            }
        }
    }

    private boolean isOurs(boolean udp, int port) {
        return doorway.runtime().get().model().listeners().stream()
                .anyMatch(listener -> listener.isUdp() == udp && listener.bind().hasPort(port));
    }

    /// Who has the port; null where it is free.
    private @Nullable String holder(boolean udp, Bind bind) {
        InetSocketAddress at = bind.address() == null
                ? new InetSocketAddress(bind.port())
                : new InetSocketAddress(bind.address(), bind.port());
        try {
            if (udp) {
                try (DatagramSocket socket = new DatagramSocket(null)) {
                    socket.bind(at);
                }
            } else {
                // It does not listen, so nobody can connect meanwhile.
                try (java.net.Socket socket = new java.net.Socket()) {
                    socket.setReuseAddress(true);
                    socket.bind(at);
                }
            }
            return null;
        } catch (IOException e) {
            String known = udp ? null : holders.apply(bind.port());
            boolean taken = String.valueOf(e.getMessage()).contains("in use");
            // An ordinary user may not even try ports below 1024, and need not: the kernel forwards them all the same.
            return known != null || !taken
                    ? known
                    : "another program: ss -lntup 'sport = :" + bind.port() + "' names it";
        }
    }

    /// Makes ready for the targets of a model.
    ///
    /// @throws IOException with the remedy; what was before holds on
    void prepare(Model next) throws IOException {
        pool.prepare(next);
    }

    /// Points every open socket at its listener of the new model, and closes those that it has not. What they accepted
    /// lives on.
    void release(Model model) {
        List<Listener> wanted = model.listeners();
        Map<Socket, Listener> next = new HashMap<>();
        wanted.forEach(listener -> next.put(Socket.of(listener), listener));
        for (Socket socket : List.copyOf(open.keySet())) {
            Listener listener = next.get(socket);
            Open current = open.get(socket);
            if (listener == null) {
                close(socket);
            } else if (current != null) {
                current.listener = listener;
                // Only now is there a route for who comes.
                current.channel.config().setAutoRead(!paused);
            }
        }
        udp.release(model);
        datagrams.keep(model.https().http3() ? bySocket(Listener.Protocol.HTTPS) : Map.of(), !paused);
    }

    /// The listeners of this machine's own sockets, and where those are bound in truth.
    private Map<Listener, InetSocketAddress> bySocket(Listener.Protocol protocol) {
        Map<Listener, InetSocketAddress> all = new HashMap<>();
        for (Open each : open.values()) {
            if (each.listener.protocol() == protocol
                    && each.listener.scope() != Listener.Scope.TUNNEL
                    && each.channel.localAddress() instanceof InetSocketAddress bound) {
                all.put(each.listener, bound);
            }
        }
        return all;
    }

    /// Whether who connects is accepted, or waits in the kernel's queue.
    void accept(boolean wanted) {
        paused = !wanted;
        udp.accept(wanted);
        datagrams.accept(wanted);
        for (Open socket : open.values()) {
            socket.channel
                    .eventLoop()
                    .submit(() -> socket.channel.config().setAutoRead(wanted))
                    .awaitUninterruptibly();
        }
    }

    /// The listening sockets of this machine that are the kernel's own.
    List<InheritedSockets.Lent> lent() {
        List<InheritedSockets.Lent> all = new ArrayList<>();
        open.forEach((socket, current) -> {
            if (socket.scope() != Listener.Scope.TUNNEL && current.channel instanceof UnixChannel unix) {
                all.add(new InheritedSockets.Lent(
                        InheritedSockets.tcp(socket.bind()), unix.fd().intValue()));
            }
        });
        all.addAll(datagrams.lent());
        all.addAll(udp.lent());
        return all;
    }

    /// Every visitor's channel that lives.
    Set<Channel> visitors() {
        return visitors;
    }

    /// Closes what TCP listens at, and lets nobody begin by UDP: its socket is that of those who have begun, too.
    void closeGently() {
        datagrams.accept(false);
        udp.accept(false);
        List.copyOf(open.keySet()).forEach(this::close);
    }

    void closeAll() {
        closeGently();
        datagrams.closeAll();
        udp.closeAll();
    }

    /// Leaves what comes by UDP to who will have the sockets.
    void silence() {
        datagrams.read(false);
        udp.silence();
    }

    /// The same of services of datagrams.
    List<InetSocketAddress> udpAddresses() {
        return udp.addresses();
    }

    /// Where each listener is bound in truth: for port 0 and for messages.
    List<InetSocketAddress> addresses() {
        List<InetSocketAddress> all = new ArrayList<>();
        for (Open socket : open.values()) {
            if (socket.channel.localAddress() instanceof InetSocketAddress address) {
                all.add(address);
            }
        }
        return all;
    }

    private void close(Socket socket) {
        Open closing = open.remove(socket);
        if (closing != null) {
            closing.channel.close().syncUninterruptibly();
        }
    }

    private Open bind(Listener listener, boolean shared) throws IOException {
        Open[] self = new Open[1];
        boolean inside = listener.scope() == Listener.Scope.TUNNEL;
        ChannelInitializer<Channel> children = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                if (inside && isKeptOut(channel)) {
                    channel.close();
                    return;
                }
                visitors.add(channel);
                install(channel, self[0].listener);
            }
        };
        ChannelFactory<ServerChannel> inherited = inside ? null : loops.inheritedListener(listener.bind());
        ServerBootstrap server = new ServerBootstrap()
                .group(loops.tunnel(), inside ? tunnel.group() : loops.visitors())
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(children)
                // The socket accepts only once the model that wants it holds: see release.
                .option(ChannelOption.AUTO_READ, false)
                .channelFactory(inherited != null ? inherited : inside ? tunnel.listeners() : sockets(shared));
        if (!inside) {
            loops.settle(server);
        }
        Bind bind = listener.bind();
        InetSocketAddress address = bind.address() == null
                ? new InetSocketAddress(bind.port())
                : new InetSocketAddress(bind.address(), bind.port());
        ChannelFuture bound = (inherited == null ? server.bind(address) : server.register()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw failure(listener, bound.cause());
        }
        self[0] = new Open(bound.channel(), listener);
        if (!inside && bound.channel() instanceof TcpServerChannel kernels) {
            kernels.turnAway(from -> turnsAway(self[0].listener, from));
        }
        return self[0];
    }

    /// Only where the address is a visitor's, and not of who speaks for one; who hears those of a LAN alone says so.
    private boolean turnsAway(Listener listener, InetAddress from) {
        return listener.protocol() != Listener.Protocol.METRICS
                && listener.scope() != Listener.Scope.LAN
                && expectation(doorway.runtime().get().model().trust(listener), from) == Expectation.REJECT
                && doorway.turnsAway(from);
    }

    private static Expectation expectation(ProxyTrust trust, InetAddress from) {
        return trust.isNobody() ? Expectation.REJECT : trust.of(from);
    }

    private ChannelFactory<ServerChannel> sockets(boolean shared) {
        return shared ? loops.sharedListeners() : loops.listeners();
    }

    private void install(Channel channel, Listener listener) {
        if (listener.protocol() == Listener.Protocol.METRICS) {
            metrics.accept(channel);
            return;
        }
        ProxyTrust trust = doorway.runtime().get().model().trust(listener);
        Expectation expected = channel.remoteAddress() instanceof InetSocketAddress peer
                ? expectation(trust, peer.getAddress())
                : Expectation.REJECT;
        switch (expected) {
            case REJECT -> begin(channel, listener, null);
            case REQUIRE, OPTIONAL ->
                channel.pipeline()
                        .addLast(
                                PROXY,
                                new ProxyIngress(
                                        doorway, listener, trust, visitor -> begin(channel, listener, visitor)));
        }
    }

    /// @param visitor whom a PROXY header names; null where it is the channel's other end
    private void begin(Channel channel, Listener listener, Dialer.@Nullable Visitor visitor) {
        switch (listener.protocol()) {
            case TCP ->
                channel.pipeline()
                        .addLast(HeaderWatch.NAME, new HeaderWatch(doorway.events()))
                        .addLast(Relay.HANDSHAKE, new EarlyBytes())
                        .addLast(INGRESS, new TcpIngress(doorway, listener, visitor));
            case HTTP -> beginHttp(channel, listener, visitor);
            case HTTPS -> channel.pipeline().addLast(INGRESS, new TlsIngress(doorway, listener, pool, visitor));
            case METRICS -> channel.close();
            case UDP -> throw new IllegalStateException("datagrams have no connection");
        }
    }

    private void beginHttp(Channel channel, Listener listener, Dialer.@Nullable Visitor visitor) {
        Arrival arrival = null;
        if (visitor != null) {
            InetAddress client = visitor.client().getAddress();
            Admitted admitted = doorway.mayArrive(listener, client) ? doorway.admit(channel, client) : null;
            if (admitted == null) {
                channel.close();
                return;
            }
            arrival = Arrival.behind(visitor, admitted);
        }
        Http1Connection.install(channel, new HttpIngress(doorway, listener, pool, channel, arrival));
    }

    /// Serves a visitor of a site whose TLS its gateway has passed on.
    void terminate(Channel channel, Dialer.Visitor visitor) {
        channel.pipeline().addLast(INGRESS, new TlsIngress(doorway, Listener.BEHIND_HOP, pool, visitor));
    }

    private static final String INGRESS = "ingress";
    private static final String PROXY = "proxy";

    private IOException failure(Listener listener, Throwable cause) {
        String text = String.valueOf(cause.getMessage());
        int port = listener.bind().port();
        if (text.contains("Permission denied")) {
            return new BindException("port " + port + " is not allowed for this user. Either run as the service that"
                    + " has the right to it (sudo culvert install gateway), or listen on a port from 1024 on"
                    + " (http: listen: 8080), or allow it to every user: sudo sysctl"
                    + " net.ipv4.ip_unprivileged_port_start=" + port);
        }
        if (text.contains("in use")) {
            String holder = holders.apply(port);
            return new BindException("port " + port + " (" + listener.label() + ") is already in use by "
                    + (holder == null ? "another program: ss -ltnp 'sport = :" + port + "' names it" : holder));
        }
        return new BindException(listener.label() + " cannot be opened: " + text);
    }
}
