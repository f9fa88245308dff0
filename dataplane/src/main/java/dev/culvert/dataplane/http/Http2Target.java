package dev.culvert.dataplane.http;

import dev.culvert.dataplane.relay.Relay;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.TimeUnit;

/// One HTTP/2 connection to a target, with a stream for each exchange. Lives on the loop of its channel; places on it
/// are
/// given and taken back by any thread.
final class Http2Target extends ChannelInboundHandlerAdapter {
    private static final int STREAM_WINDOW = 256 * 1024;
    private static final int MAX_FIELDS = 64 * 1024;
    private static final int MOST_STREAMS = 100;
    private static final int IDLE_SECONDS = 60;

    private final Channel channel;
    private final AsciiString scheme;
    private int streams;
    private int most = MOST_STREAMS;
    private boolean ending;
    private boolean idle;

    private Http2Target(Channel channel, AsciiString scheme) {
        this.channel = channel;
        this.scheme = scheme;
    }

    /// Puts the codec on a connection that has just been dialled; on its loop.
    static Http2Target on(Channel channel, boolean secure) {
        Http2Target target = new Http2Target(channel, AsciiString.cached(secure ? "https" : "http"));
        Http2FrameCodecBuilder codec = Http2FrameCodecBuilder.forClient()
                .initialSettings(new Http2Settings()
                        .pushEnabled(false)
                        .maxConcurrentStreams(0)
                        .initialWindowSize(STREAM_WINDOW)
                        .maxHeaderListSize(MAX_FIELDS));
        codec.decoupleCloseAndGoAway(true);
        channel.pipeline()
                .addLast(Relay.HTTP_CODEC, codec.build())
                .addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()))
                .addLast(Relay.HTTP, target);
        if (channel.pipeline().get(Relay.HANDSHAKE) != null) {
            channel.pipeline().remove(Relay.HANDSHAKE);
        }
        Future<?> looks = channel.eventLoop()
                .scheduleWithFixedDelay(target::closeIfIdle, IDLE_SECONDS, IDLE_SECONDS, TimeUnit.SECONDS);
        channel.closeFuture().addListener(_ -> looks.cancel(false));
        channel.read();
        return target;
    }

    boolean isUsable() {
        synchronized (this) {
            return !ending && channel.isActive();
        }
    }

    /// Takes a place for one stream, if there is one.
    synchronized boolean reserve() {
        if (ending || streams >= most || !channel.isActive()) {
            return false;
        }
        streams++;
        idle = false;
        return true;
    }

    private synchronized void free() {
        streams--;
    }

    private void closeIfIdle() {
        boolean close;
        synchronized (this) {
            close = idle && streams == 0;
            idle = streams == 0;
            ending |= close;
        }
        if (close) {
            channel.close();
        }
    }

    /// Opens a stream in a place that was taken before.
    void open(boolean reused, Promise<UpstreamPool.Lease> promise) {
        ChannelInitializer<Channel> handlers = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                stream.config().setOption(ChannelOption.AUTO_READ, false);
                stream.pipeline().addLast(Relay.HTTP_CODEC, new Http2StreamCodec(scheme));
                stream.pipeline().addLast(Relay.HTTP_FLOW, new MessageGate());
            }
        };
        Future<Http2StreamChannel> opening =
                new Http2StreamChannelBootstrap(channel).handler(handlers).open();
        opening.addListener(done -> {
            if (!done.isSuccess()) {
                free();
                promise.tryFailure(done.cause());
                return;
            }
            Http2StreamChannel stream = opening.getNow();
            stream.closeFuture().addListener(_ -> free());
            promise.trySuccess(new UpstreamPool.Lease(Upstream.onStream(stream), reused));
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        synchronized (this) {
            if (message instanceof Http2SettingsFrame frame) {
                Long wanted = frame.settings().maxConcurrentStreams();
                most = wanted == null ? most : (int) Math.min(wanted, MOST_STREAMS);
            }
            // Streams beyond its last were not worked on; the codec ends them.
            ending |= message instanceof Http2GoAwayFrame;
        }
        ReferenceCountUtil.release(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
