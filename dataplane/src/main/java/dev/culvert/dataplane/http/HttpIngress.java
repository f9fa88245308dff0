package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.proto.http.RequestPolicy;
import dev.culvert.proto.http.RequestRules;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An HTTP listener's visitor: one exchange after the other on one connection. One per connection, on its loop.
public final class HttpIngress extends ChannelInboundHandlerAdapter {
    // attacks.md TC-01: the first head within 10 s of the connection, the next within a keep-alive.
    private static final int FIRST_HEAD_SECONDS = 10;
    private static final int KEEP_ALIVE_SECONDS = 75;
    private static final int LINGER_SECONDS = 2;
    private static final int LAST_REQUEST_MILLIS = 300;
    static final int WATCH_SECONDS = 30;

    private static final FastThreadLocal<RequestRules> RULES = new FastThreadLocal<>() {
        @Override
        protected RequestRules initialValue() {
            return new RequestRules(RequestPolicy.DEFAULT);
        }
    };

    private final Doorway doorway;
    private final Listener listener;
    private final UpstreamPool pool;
    private final StrictRequestDecoder decoder;
    private @Nullable Admitted admitted;
    private @Nullable HttpExchange exchange;
    private @Nullable HttpRequest pipelined;
    private @Nullable Future<?> deadline;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> watch;
    private boolean closing;
    private boolean draining;
    private boolean closingBefore;

    private HttpIngress(Doorway doorway, Listener listener, UpstreamPool pool, StrictRequestDecoder decoder) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
        this.decoder = decoder;
    }

    /// Puts codec and ingress on a visitor's channel.
    public static void install(Channel channel, Doorway doorway, Listener listener, UpstreamPool pool) {
        StrictRequestDecoder decoder = HttpCodecs.server(channel.pipeline());
        channel.pipeline().addLast(Relay.HTTP, new HttpIngress(doorway, listener, pool, decoder));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        switch (doorway.admission().accept(client().getAddress(), System.nanoTime())) {
            case Deny deny -> {
                doorway.events().count("denied." + deny.reason());
                ctx.close();
            }
            case Admitted ok -> {
                admitted = ok;
                ctx.channel().closeFuture().addListener(_ -> doorway.admission().release(ok));
                awaitHead(FIRST_HEAD_SECONDS);
                watch = ctx.executor()
                        .scheduleWithFixedDelay(this::watch, WATCH_SECONDS, WATCH_SECONDS, TimeUnit.SECONDS);
                ctx.read();
            }
        }
    }

    /// The visitor's own address.
    InetSocketAddress client() {
        return (InetSocketAddress) channel().remoteAddress();
    }

    ForwardedHeaders forwarded(Permit permit) {
        return new ForwardedHeaders(client(), (InetSocketAddress) channel().localAddress(), permit.service());
    }

    private Channel channel() {
        ChannelHandlerContext current = context;
        if (current == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return current.channel();
    }

    private void awaitHead(int seconds) {
        deadline = channel().eventLoop().schedule(() -> channel().close(), seconds, TimeUnit.SECONDS);
    }

    /// Ends what would else last as long as the visitor likes: a body that trickles, a response that it does not take.
    private void watch() {
        HttpExchange running = exchange;
        if (running == null ? closing && closingBefore : running.isStalled()) {
            doorway.events().count("http.stalled");
            if (running != null) {
                running.stalled();
            }
            Relay.reset(channel());
        }
        closingBefore = closing;
    }

    /// While the node drains: one more request is answered if it comes soon, for it may be on its way.
    private void awaitLast() {
        cancel(deadline);
        deadline = channel().eventLoop().schedule(this::closeGently, LAST_REQUEST_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Whether the response under way shall be the last of its connection.
    boolean isDraining() {
        return draining;
    }

    private static void cancel(@Nullable Future<?> task) {
        if (task != null) {
            task.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message);
            ctx.read();
        } else if (message instanceof HttpRequest request) {
            head(ctx, request);
            if (message instanceof HttpContent content) {
                body(content);
            }
        } else if (message instanceof HttpContent content) {
            body(content);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void head(ChannelHandlerContext ctx, HttpRequest request) {
        if (exchange != null) {
            pipelined = request;
            return;
        }
        Future<?> current = deadline;
        if (current != null) {
            current.cancel(false);
        }
        if (request.decoderResult().isFailure()) {
            doorway.events().count("http.malformed");
            turnAway(request, Heads.statusOf(request.decoderResult().cause()));
            return;
        }
        Heads.RequestView view = new Heads.RequestView(request);
        switch (RULES.get().check(view)) {
            case RequestRules.Refused refused -> {
                doorway.events().count("http.refused." + refused.reason());
                turnAway(request, refused.status());
            }
            case RequestRules.Accepted accepted -> route(ctx, request, view, accepted);
        }
    }

    private void route(
            ChannelHandlerContext ctx, HttpRequest request, Heads.RequestView view, RequestRules.Accepted verdict) {
        Admitted who = admitted;
        if (who == null) {
            throw new IllegalStateException("a request before admission");
        }
        switch (doorway.runtime().get().router().route(listener, verdict.host())) {
            case Deny deny -> deny(request, deny);
            case Routed routed -> {
                switch (doorway.admission().permit(who, routed, System.nanoTime())) {
                    case Deny deny -> deny(request, deny);
                    case Permit permit -> {
                        Connection connection = doorway.connections().begin(permit, ctx.channel());
                        connection.head(request);
                        HttpExchange begun =
                                new HttpExchange(this, ctx.channel(), pool, request, view, verdict, permit, connection);
                        exchange = begun;
                        begun.start();
                    }
                }
            }
        }
    }

    private void deny(HttpRequest request, Deny deny) {
        doorway.events().count("denied." + deny.reason());
        switch (deny.reason()) {
            case BANNED -> {
                doorway.connections().refused(client().getAddress(), request, 0);
                channel().close();
            }
            case TOO_MANY, RATE -> turnAway(request, 503);
            case NO_ROUTE -> turnAway(request, 404);
            case ACL -> turnAway(request, 403);
        }
    }

    /// Refuses a request that has not become an exchange.
    private void turnAway(HttpRequest request, int status) {
        doorway.connections().refused(client().getAddress(), request, status);
        refuse(status);
    }

    private void body(HttpContent content) {
        HttpExchange current = exchange;
        if (current == null) {
            content.release();
        } else if (content.decoderResult().isFailure()) {
            // The decoder ends a body that it cannot read with a last piece like any other.
            content.release();
            doorway.events().count("http.malformed");
            current.requestBroken();
        } else {
            current.requestContent(content);
        }
    }

    /// Answers with a status of the gateway's own and closes: the rest of the request is not read.
    void refuse(int status) {
        exchange = null;
        if (!channel().isActive()) {
            return;
        }
        closing = true;
        HttpResponseStatus code = HttpResponseStatus.valueOf(status);
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                code,
                Unpooled.copiedBuffer(code.code() + " " + code.reasonPhrase() + "\n", StandardCharsets.US_ASCII));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=us-ascii")
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (status == 503) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, 5);
        }
        channel().write(response);
        closeGently();
    }

    /// Ends this side and takes what the visitor still sends for a while: a close with bytes unread is a reset, which
    /// may overtake the response (RFC 9112 §9.6).
    private void closeGently() {
        closing = true;
        channel().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFutureListener) written -> {
            if (!written.isSuccess() || !(written.channel() instanceof DuplexChannel duplex)) {
                written.channel().close();
                return;
            }
            duplex.shutdownOutput();
            awaitHead(LINGER_SECONDS);
            duplex.read();
        });
    }

    void dialFailed(Permit permit, Throwable cause) {
        doorway.events()
                .report(
                        permit.service().name(),
                        "dial.failed",
                        "no connection to " + permit.service().target() + ": " + cause.getMessage());
    }

    void badResponse(Permit permit, String why) {
        doorway.events()
                .report(
                        permit.service().name(),
                        "response.bad",
                        "the response of " + permit.service().target() + " was refused: " + why);
    }

    void exchangeEnded(boolean keepAlive) {
        exchange = null;
        if (!keepAlive) {
            closeGently();
            return;
        }
        if (draining) {
            awaitLast();
        } else {
            awaitHead(KEEP_ALIVE_SECONDS);
        }
        decoder.resume(channel());
        HttpRequest next = pipelined;
        ChannelHandlerContext current = context;
        if (next != null && current != null) {
            // Its body is read when its exchange has a target to send it to.
            pipelined = null;
            head(current, next);
        } else {
            channel().read();
        }
    }

    /// The connection belongs to a relay from now on.
    void exchangeUpgraded() {
        exchange = null;
        cancel(watch);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        HttpExchange current = exchange;
        if (current != null && ctx.channel().isWritable()) {
            current.visitorWritable();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ctx.close();
        } else if (event instanceof Drain.Notice notice) {
            draining = notice == Drain.Notice.BEGIN;
            if (draining && exchange == null && !closing) {
                awaitLast();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancel(deadline);
        cancel(watch);
        HttpExchange running = exchange;
        exchange = null;
        if (running != null) {
            running.visitorGone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        doorway.events().pipelineFailed(cause);
        ctx.close();
    }
}
