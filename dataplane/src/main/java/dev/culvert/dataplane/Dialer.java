package dev.culvert.dataplane;

import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.hop.HopHandshake;
import dev.culvert.dataplane.hop.ProxyAnnouncement;
import dev.culvert.dataplane.relay.Outgoing;
import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.PeerType;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.Site;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import dev.culvert.proto.proxyprotocol.HopRequest;
import dev.culvert.proto.proxyprotocol.Tlv;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// From a permit to a connection with its target: through the hop to a Culvert site, straight into the tunnel to a
/// plain
/// peer, or with a socket of this machine where the target is on this node's own side.
///
/// The channel that comes back has auto-read off; a handler named [Relay#HANDSHAKE] may still hold first bytes.
public final class Dialer {
    private static final int TUNNEL_CONNECT_MILLIS = 5_000;
    // One network exists so far; the number is on the wire for the day when there are several (design, section 6).
    static final int NETWORK = 0;

    private final TunnelDriver tunnel;
    private final TargetDialer targets;

    /// Who a connection is for.
    ///
    /// @param client the visitor's real address
    /// @param local where the visitor connected to
    /// @param told what else is known of the visitor, by who stands in front; for PROXY headers of version 2
    public record Visitor(InetSocketAddress client, InetSocketAddress local, List<Tlv> told) {
        public Visitor(InetSocketAddress client, InetSocketAddress local) {
            this(client, local, List.of());
        }
    }

    public Dialer(TunnelDriver tunnel, TargetDialer targets) {
        this.tunnel = tunnel;
        this.targets = targets;
    }

    /// A connection for this visitor alone.
    ///
    /// @param loop where the future is notified
    public Future<Channel> dial(Permit permit, Destination destination, Visitor visitor, EventExecutor loop) {
        ClientAddress how = permit.service().clientAddress();
        Target target = destination.target();
        Site site = permit.site(destination);
        if (site != null && site.type() == PeerType.CULVERT) {
            boolean endsThere = permit.service().tls().ends() == ServiceTls.Ends.SITE;
            HopRequest.Protocol protocol = endsThere ? HopRequest.Protocol.TLS : HopRequest.Protocol.TCP;
            HopRequest.Target wanted = new HopRequest.Target(protocol, target.host(), target.port());
            HopRequest request = HopRequest.visitor(
                            NETWORK, wanted, announcement(how), visitor.client(), visitor.local())
                    .telling(visitor.told());
            return hop(site, request, loop, near(loop));
        }
        Promise<Channel> announced = loop.newPromise();
        Future<Channel> plain = site == null ? here(target, loop) : direct(site, target, near(loop));
        plain.addListener(done -> {
            if (done.isSuccess()) {
                Channel channel = (Channel) done.getNow();
                ProxyAnnouncement.write(channel, how, visitor.client(), visitor.local(), visitor.told());
                announced.trySuccess(channel);
            } else {
                announced.tryFailure(done.cause());
            }
        });
        return announced;
    }

    /// A connection that may serve one visitor after the other; it names none of them.
    public Future<Channel> dialShared(Permit permit, Destination destination, EventExecutor loop) {
        return shared(destination.target(), permit.site(destination), loop);
    }

    /// A connection for what this node asks in its own name. Nothing of a visitor is relayed over it, so this takes no
    /// permit.
    public Future<Channel> dialShared(Target target, @Nullable Site site, EventExecutor loop) {
        return shared(target, site, loop);
    }

    /// Whether a target can be reached: dialled as for visitors, and closed at once. Nothing is relayed, so this takes
    /// no permit.
    ///
    /// @return the nanoseconds that it took; a failure is a [DialException]
    Future<Long> probe(Target target, @Nullable Site site) {
        EventLoop loop = tunnel.group().next();
        return timed(shared(target, site, loop), loop);
    }

    /// How long a dial took; what it opened is closed.
    static Future<Long> timed(Future<Channel> dialling, EventLoop loop) {
        Promise<Long> answered = loop.newPromise();
        long start = System.nanoTime();
        dialling.addListener(done -> {
            if (done.isSuccess()) {
                ((Channel) done.getNow()).close();
                answered.trySuccess(System.nanoTime() - start);
            } else {
                answered.tryFailure(done.cause());
            }
        });
        return answered;
    }

    private Future<Channel> shared(Target target, @Nullable Site site, EventExecutor loop) {
        if (site == null) {
            return here(target, loop);
        }
        if (site.type() == PeerType.PLAIN) {
            return direct(site, target, tunnel.group().next());
        }
        HopRequest.Target wanted = new HopRequest.Target(HopRequest.Protocol.TCP, target.host(), target.port());
        return hop(
                site, HopRequest.shared(NETWORK, wanted), loop, tunnel.group().next());
    }

    static HopRequest.Announcement announcement(ClientAddress how) {
        return switch (how) {
            case NONE, HEADERS -> HopRequest.Announcement.NONE;
            case PROXY_V1 -> HopRequest.Announcement.PROXY_V1;
            case PROXY_V2 -> HopRequest.Announcement.PROXY_V2;
            case TRANSPARENT -> HopRequest.Announcement.TRANSPARENT;
        };
    }

    /// A target of this node itself: the model names it, so every address it resolves to is meant.
    /// It lives on its visitor's loop, so that nothing passes between threads.
    private Future<Channel> here(Target target, EventExecutor visitors) {
        EventLoop loop =
                visitors instanceof EventLoop own ? own : tunnel.group().next();
        return targets.dial(target.host(), target.port(), _ -> true, loop);
    }

    /// Where what is dialled for one visitor alone lives: a socket of the kernel's on the visitor's loop, so that both
    /// ends of the relay have the same, a channel of the embedded stack on the tunnel's.
    private EventLoop near(EventExecutor visitors) {
        return tunnel.sharesPorts() && visitors instanceof EventLoop own
                ? own
                : tunnel.group().next();
    }

    private Future<Channel> hop(Site site, HopRequest request, EventExecutor loop, EventLoop home) {
        Promise<Channel> connected = loop.newPromise();
        InetAddress address = site.peer().addresses().getFirst();
        long began = System.nanoTime();
        connect(new InetSocketAddress(address, Ports.HOP), new HopHandshake(request, connected), site.name(), home)
                .addListener(done -> {
                    if (done.isSuccess()) {
                        // A connection inside the tunnel takes one round trip, or some more where packets were lost.
                        tunnel.roundTrips().measured(address, System.nanoTime() - began);
                    } else {
                        connected.tryFailure(done.cause());
                    }
                });
        return connected;
    }

    private Future<Channel> direct(Site site, Target target, EventLoop home) {
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(target.host());
        } catch (IllegalArgumentException e) {
            return tunnel.group()
                    .next()
                    .newFailedFuture(new DialException(
                            Broken.TARGET_UNREACHABLE, "a plain peer's target is an address, not " + target.host()));
        }
        InetSocketAddress to = new InetSocketAddress(address, target.port());
        return connect(to, new ChannelInboundHandlerAdapter(), site.name(), home);
    }

    private Future<Channel> connect(InetSocketAddress address, ChannelHandler handshake, String site, EventLoop loop) {
        Promise<Channel> promise = loop.newPromise();
        Outgoing.connect(address, tunnel.connections(), loop, handshake, TUNNEL_CONNECT_MILLIS)
                .addListener(done -> {
                    if (done.isSuccess()) {
                        promise.trySuccess((Channel) done.getNow());
                        return;
                    }
                    boolean silent = done.cause() instanceof ConnectTimeoutException
                            || done.cause() instanceof java.net.NoRouteToHostException;
                    promise.tryFailure(
                            new DialException(silent ? Broken.SITE_SILENT : Broken.SITE_REFUSED, "site " + site));
                });
        return promise;
    }
}
