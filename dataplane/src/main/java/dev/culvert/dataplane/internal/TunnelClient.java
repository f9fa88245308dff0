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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The node's own requests through the tunnel: small, one a connection.
public final class TunnelClient {
    private static final int MAX_BODY = 256 * 1024;

    private final TunnelDriver tunnel;

    public TunnelClient(TunnelDriver tunnel) {
        this.tunnel = tunnel;
    }

    /// @param to an address inside the tunnel
    public Future<Response> request(InetSocketAddress to, String method, String path, String body, long timeoutMillis) {
        Promise<Response> promise = tunnel.group().next().newPromise();
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
        private final Promise<Response> promise;

        Answer(Promise<Response> promise) {
            this.promise = promise;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
            String type = response.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
            promise.trySuccess(new Response(
                    response.status().code(), type, response.content().toString(StandardCharsets.UTF_8)));
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
