package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.RunningModel;
import dev.culvert.dataplane.http.Arrival;
import dev.culvert.dataplane.http.Http1Connection;
import dev.culvert.dataplane.http.Http2Session;
import dev.culvert.dataplane.http.HttpIngress;
import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.relay.EarlyBytes;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.tls.Challenges;
import dev.culvert.dataplane.tls.Secured;
import dev.culvert.dataplane.tls.TlsContext;
import dev.culvert.model.HttpsSettings;
import dev.culvert.model.HttpsSettings.UnknownName;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Demand;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.proto.tls.ClientHello;
import dev.culvert.proto.tls.HelloFault;
import dev.culvert.proto.tls.HelloVerdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// A visitor of a listener with TLS, from accept to the protocol within: the name in its hello says where it leads. One
/// per connection, on its loop.
public final class TlsIngress extends ChannelInboundHandlerAdapter {
    // attacks.md TL-02, TC-01: from the connection to the end of its handshake, whatever comes in between.
    private static final int HANDSHAKE_SECONDS = 10;

    private static final byte[] NO_TLS = """
            HTTP/1.1 400 Bad Request\r
            Content-Type: text/plain; charset=us-ascii\r
            Content-Length: 29\r
            Connection: close\r
            \r
            This port speaks HTTPS only.
            """.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOTHING = {};
    // A fatal alert, unrecognized_name (RFC 6066 §3), in a record of TLS 1.2.
    private static final byte[] UNRECOGNIZED_NAME = {21, 3, 3, 0, 2, 2, 112};

    private final Doorway doorway;
    private final Listener listener;
    private final UpstreamPool pool;
    private final Hello hello = new Hello();
    private final Dialer.@Nullable Visitor behind;
    private @Nullable Admitted admitted;
    private @Nullable Future<?> deadline;
    private boolean decided;
    private @Nullable SslHandler shaking;
    private @Nullable Consumer<SslHandler> shaken;

    public TlsIngress(Doorway doorway, Listener listener, UpstreamPool pool) {
        this(doorway, listener, pool, null);
    }

    /// @param behind the visitor where a judged header names it; null where it is the channel's other end
    public TlsIngress(Doorway doorway, Listener listener, UpstreamPool pool, Dialer.@Nullable Visitor behind) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
        this.behind = behind;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            admit(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        admit(ctx);
    }

    private Dialer.Visitor visitor(Channel channel) {
        return behind != null
                ? behind
                : new Dialer.Visitor(
                        (InetSocketAddress) channel.remoteAddress(), (InetSocketAddress) channel.localAddress());
    }

    private void admit(ChannelHandlerContext ctx) {
        if (admitted != null) {
            return;
        }
        InetAddress client = visitor(ctx.channel()).client().getAddress();
        if (!doorway.mayArrive(listener, client)) {
            ctx.close();
            return;
        }
        admitted = doorway.admit(ctx.channel(), client);
        if (admitted != null) {
            deadline = ctx.executor().schedule(() -> tooSlow(ctx), HANDSHAKE_SECONDS, TimeUnit.SECONDS);
            ctx.read();
        }
    }

    private void tooSlow(ChannelHandlerContext ctx) {
        doorway.events().count("tls.slow");
        ctx.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (decided) {
            bytes.release();
            return;
        }
        switch (hello.add(ctx.alloc(), bytes)) {
            case HelloVerdict.NeedMore _ -> {}
            case HelloVerdict.Malformed(HelloFault fault) -> malformed(ctx, fault);
            case HelloVerdict.Accepted(ClientHello hello) -> {
                decided = true;
                route(ctx, hello);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (!decided) {
            ctx.read();
        }
    }

    private void malformed(ChannelHandlerContext ctx, HelloFault fault) {
        doorway.events().count("tls.malformed." + fault);
        closeWith(ctx, fault == HelloFault.PLAIN_HTTP ? NO_TLS : NOTHING);
    }

    private void closeWith(ChannelHandlerContext ctx, byte[] last) {
        decided = true;
        ctx.writeAndFlush(Unpooled.wrappedBuffer(last)).addListener(ChannelFutureListener.CLOSE);
    }

    private void route(ChannelHandlerContext ctx, ClientHello said) {
        RunningModel now = doorway.runtime().get();
        String name = said.serverName() == null ? "" : said.serverName();
        Routed offered = now.router().routeOffer(listener, name, said.protocols());
        if (offered != null) {
            pass(ctx, offered);
            return;
        }
        List<Routed> routes = now.router().routes(listener, name);
        HttpsSettings https = now.model().https();
        String fallback = https.fallbackName();
        if (routes.isEmpty() && fallback != null) {
            // TLS of that name's policy, whatever it is: RT-02, never a weaker one.
            name = fallback;
            routes = now.router().routes(listener, name);
        }
        if (routes.isEmpty()) {
            doorway.events().count("tls.unknown-name");
            closeWith(ctx, https.unknownName() == UnknownName.CLOSE ? NOTHING : UNRECOGNIZED_NAME);
        } else if (!listener.equals(Listener.BEHIND_HOP)
                && routes.getFirst().service().tls().passesThrough()) {
            pass(ctx, routes.getFirst());
        } else {
            terminate(ctx, said, name);
        }
    }

    private void terminate(ChannelHandlerContext ctx, ClientHello said, String name) {
        if (said.protocols().contains(Challenges.ACME_TLS)) {
            SslHandler challenge = doorway.tls().challenges().tls(name, ctx.alloc());
            if (challenge != null) {
                doorway.events().count("acme.tls");
                shake(ctx, challenge, null);
                return;
            }
        }
        TlsContext context = doorway.tls().contexts().find(name);
        if (context == null) {
            // What its policy needs could not be read: closed is better than open.
            doorway.events().count("tls.no-certificate");
            closeWith(ctx, UNRECOGNIZED_NAME);
            return;
        }
        shake(ctx, context.newHandler(ctx.alloc()), handler -> secured(ctx, handler, context, name));
    }

    /// Hands on what was seen and all that follows, to where TLS ends.
    private void pass(ChannelHandlerContext ctx, Routed routed) {
        Admitted who = admitted;
        if (who == null) {
            return;
        }
        cancelDeadline();
        switch (doorway.admission().permit(who, routed, System.nanoTime())) {
            case Deny deny ->
                doorway.refuse(
                        ctx.channel(), deny, routed.service().access().limits().refusal());
            // Nothing can be demanded of whoever speaks to somebody else.
            case Demand _ -> {
                doorway.events().count("tls.demand");
                ctx.close();
            }
            case Permit permit -> {
                Channel channel = ctx.channel();
                ctx.pipeline().addBefore(ctx.name(), Relay.HANDSHAKE, new EarlyBytes());
                ctx.pipeline().fireChannelRead(hello.take());
                Passage.open(doorway, channel, this, permit, visitor(channel));
            }
        }
    }

    /// Lets TLS begin with the bytes that were seen.
    ///
    /// @param done what follows the handshake; null for nothing but the end
    private void shake(ChannelHandlerContext ctx, SslHandler handler, @Nullable Consumer<SslHandler> done) {
        // The deadline here is for all of it.
        handler.setHandshakeTimeoutMillis(0);
        shaking = handler;
        shaken = done;
        ctx.pipeline().addBefore(ctx.name(), Relay.TLS, handler);
        ctx.pipeline().fireChannelRead(hello.take());
        ctx.pipeline().fireChannelReadComplete();
    }

    /// Comes before the first byte of what is within.
    private void completed(ChannelHandlerContext ctx, SslHandshakeCompletionEvent event) {
        cancelDeadline();
        SslHandler handler = shaking;
        Consumer<SslHandler> done = shaken;
        if (!event.isSuccess()) {
            doorway.events().count("tls.failed");
        }
        if (event.isSuccess() && handler != null && done != null) {
            done.accept(handler);
        } else {
            ctx.close();
        }
    }

    private void secured(ChannelHandlerContext ctx, SslHandler handler, TlsContext context, String name) {
        Channel channel = ctx.channel();
        Admitted who = admitted;
        if (who == null || !channel.isActive()) {
            return;
        }
        Secured secured = new Secured(context, name, client(handler));
        Dialer.Visitor visitor = visitor(channel);
        Arrival arrival = new Arrival(visitor.client(), visitor.local(), who, secured, visitor.told());
        String protocol = handler.applicationProtocol();
        ctx.pipeline().remove(this);
        switch (protocol == null ? "" : protocol) {
            case "h2" -> Http2Session.install(channel, new HttpIngress(doorway, listener, pool, channel, arrival));
            default -> Http1Connection.install(channel, new HttpIngress(doorway, listener, pool, channel, arrival));
        }
    }

    private static @Nullable X509Certificate client(SslHandler handler) {
        try {
            return handler.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate shown
                    ? shown
                    : null;
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }

    private void cancelDeadline() {
        Future<?> current = deadline;
        if (current != null) {
            current.cancel(false);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ctx.close();
        } else if (event instanceof SslHandshakeCompletionEvent completion) {
            completed(ctx, completion);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        hello.take().release();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancelDeadline();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        doorway.events().pipelineFailed(cause);
        ctx.close();
    }
}
