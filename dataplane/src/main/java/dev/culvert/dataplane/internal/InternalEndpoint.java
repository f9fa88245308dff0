package dev.culvert.dataplane.internal;

import dev.culvert.dataplane.internal.InternalService.Caller;
import dev.culvert.dataplane.internal.InternalService.Request;
import dev.culvert.dataplane.internal.InternalService.Response;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A connection that ends in an [InternalService]: small requests, one at a time, then it closes.
public final class InternalEndpoint extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(InternalEndpoint.class);
    private static final int MAX_BODY = 64 * 1024;
    private static final int READ_SECONDS = 10;
    // RFC 9110, section 5.6.7. The other end's doctor learns from it how far the two clocks are apart.
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final InternalService service;
    private final Function<Channel, @Nullable Caller> identify;
    private final Executor executor;

    private InternalEndpoint(InternalService service, Function<Channel, @Nullable Caller> identify, Executor executor) {
        this.service = service;
        this.identify = identify;
        this.executor = executor;
    }

    /// Puts the endpoint on a fresh channel.
    ///
    /// @param identify who is at the other end; null closes the connection without a word
    /// @param executor runs the service: virtual threads
    public static void install(
            Channel channel, InternalService service, Function<Channel, @Nullable Caller> identify, Executor executor) {
        channel.config().setAutoRead(true);
        channel.pipeline()
                .addLast(new ReadTimeoutHandler(READ_SECONDS))
                .addLast(new HttpServerCodec())
                .addLast(new HttpObjectAggregator(MAX_BODY))
                .addLast(new InternalEndpoint(service, identify, executor));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest message) {
        Caller caller = identify.apply(ctx.channel());
        if (caller == null) {
            ctx.close();
            return;
        }
        if (message.decoderResult().isFailure()) {
            answer(ctx, Response.error(400, "not HTTP/1.1"));
            return;
        }
        ctx.pipeline().remove(ReadTimeoutHandler.class);
        String body = message.content().toString(StandardCharsets.UTF_8);
        Request request = new Request(
                caller,
                message.method().name(),
                message.uri(),
                body,
                message.headers().get(HttpHeaderNames.HOST, ""),
                message.headers().get(HttpHeaderNames.ACCEPT, ""));
        executor.execute(() -> answer(ctx, handle(request)));
    }

    private Response handle(Request request) {
        try {
            return service.handle(request);
        } catch (RuntimeException e) {
            LOG.error("{} {} failed", request.method(), request.path(), e);
            return Response.error(500, "internal error, see the log");
        }
    }

    private static void answer(ChannelHandlerContext ctx, Response response) {
        ByteBuf content = Unpooled.copiedBuffer(response.body(), StandardCharsets.UTF_8);
        FullHttpResponse reply = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(response.status()), content);
        reply.headers()
                .set(HttpHeaderNames.DATE, DATE.format(Instant.now()))
                .set(HttpHeaderNames.CONTENT_TYPE, response.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, content.readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        ctx.writeAndFlush(reply).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && ctx.pipeline().get(ReadTimeoutHandler.class) != null) {
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
