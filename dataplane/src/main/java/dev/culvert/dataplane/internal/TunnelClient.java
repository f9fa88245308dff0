package dev.culvert.dataplane.internal;

import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The node's own requests through the tunnel: small, one a connection.
public final class TunnelClient {
    private static final int MAX_BODY = 256 * 1024;

    private final TunnelDriver tunnel;

    public TunnelClient(TunnelDriver tunnel) {
        this.tunnel = tunnel;
    }

    /// The time at the other end, to the second, as its answers tell it whatever they say.
    public Future<Instant> clock(InetSocketAddress to, long timeoutMillis) {
        Promise<Instant> time = tunnel.group().next().newPromise();
        exchange(to, "GET", "/time", "", timeoutMillis).addListener(done -> {
            Long millis = done.isSuccess() ? ((Answered) done.getNow()).dateMillis() : null;
            if (millis != null) {
                time.trySuccess(Instant.ofEpochMilli(millis));
            } else {
                time.tryFailure(done.isSuccess() ? new IOException("the answer has no Date") : done.cause());
            }
        });
        return time;
    }

    /// @param to an address inside the tunnel
    public Future<Response> request(InetSocketAddress to, String method, String path, String body, long timeoutMillis) {
        Promise<Response> promise = tunnel.group().next().newPromise();
        exchange(to, method, path, body, timeoutMillis).addListener(done -> {
            if (done.isSuccess()) {
                promise.trySuccess(((Answered) done.getNow()).response());
            } else {
                promise.tryFailure(done.cause());
            }
        });
        return promise;
    }

    /// @param dateMillis the Date of the answer, if it has one
    private record Answered(Response response, @Nullable Long dateMillis) {}

    private Future<Answered> exchange(
            InetSocketAddress to, String method, String path, String body, long timeoutMillis) {
        Promise<Answered> promise = tunnel.group().next().newPromise();
        Bootstrap bootstrap = new Bootstrap()
                .group(tunnel.group())
                .channelFactory(tunnel.connections())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeoutMillis)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new HttpClientCodec())
                                .addLast(new HttpObjectAggregator(MAX_BODY))
                                .addLast(new Answer(promise));
                    }
                });
        bootstrap.connect(to).addListener((ChannelFutureListener) connecting -> {
            if (!connecting.isSuccess()) {
                promise.tryFailure(connecting.cause());
                return;
            }
            ByteBuf content = Unpooled.copiedBuffer(body, StandardCharsets.UTF_8);
            FullHttpRequest request =
                    new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), path, content);
            request.headers()
                    .set(HttpHeaderNames.HOST, "culvert")
                    .set(HttpHeaderNames.CONTENT_LENGTH, content.readableBytes());
            connecting.channel().writeAndFlush(request);
            Future<?> limit = connecting
                    .channel()
                    .eventLoop()
                    .schedule(
                            () -> promise.tryFailure(new TimeoutException("no answer through the tunnel")),
                            timeoutMillis,
                            TimeUnit.MILLISECONDS);
            promise.addListener(_ -> {
                limit.cancel(false);
                connecting.channel().close();
            });
        });
        return promise;
    }

    /// Connects and closes again.
    ///
    /// @return how long the connection took, in nanoseconds
    public Future<Long> probe(InetSocketAddress to, int timeoutMillis) {
        Promise<Long> promise = tunnel.group().next().newPromise();
        long start = System.nanoTime();
        new Bootstrap()
                .group(tunnel.group())
                .channelFactory(tunnel.connections())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(to)
                .addListener((ChannelFutureListener) connecting -> {
                    if (connecting.isSuccess()) {
                        promise.trySuccess(System.nanoTime() - start);
                        connecting.channel().close();
                    } else {
                        promise.tryFailure(connecting.cause());
                    }
                });
        return promise;
    }

    private static final class Answer extends SimpleChannelInboundHandler<FullHttpResponse> {
        private final Promise<Answered> promise;

        Answer(Promise<Answered> promise) {
            this.promise = promise;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
            String type = response.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
            String text = response.content().toString(StandardCharsets.UTF_8);
            promise.trySuccess(new Answered(
                    new Response(response.status().code(), type, text),
                    response.headers().getTimeMillis(HttpHeaderNames.DATE)));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            promise.tryFailure(new IOException("the connection inside the tunnel ended before an answer came"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            promise.tryFailure(cause);
        }
    }
}
