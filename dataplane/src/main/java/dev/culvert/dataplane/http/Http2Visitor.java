package dev.culvert.dataplane.http;

import dev.culvert.dataplane.tcp.TcpInfo;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/// One stream of a visitor that speaks HTTP/2.
final class Http2Visitor extends FramedVisitor<Http2Headers> {
    private final Http2Session session;
    private final Http2Stream stream;
    private long allowed;

    Http2Visitor(Http2Session session, Http2Stream stream) {
        this.session = session;
        this.stream = stream;
    }

    @Override
    public EventLoop loop() {
        return session.loop();
    }

    @Override
    HttpIngress ingress() {
        return session.ingress();
    }

    @Override
    Http2Headers fields(int expected) {
        return new DefaultHttp2Headers(false, Math.max(8, expected + 2));
    }

    @Override
    ChannelFuture write(Http2Headers section, boolean last) {
        ChannelHandlerContext ctx = session.context();
        return session.encoder().writeHeaders(ctx, stream.id(), section, 0, last, ctx.newPromise());
    }

    @Override
    ChannelFuture write(ByteBuf bytes, boolean last) {
        ChannelHandlerContext ctx = session.context();
        return session.encoder().writeData(ctx, stream.id(), bytes, 0, last, ctx.newPromise());
    }

    @Override
    void flushSoon() {
        session.flushSoon();
    }

    @Override
    void consumed(int bytes) {
        try {
            if (!isClosed() && session.decoder().flowController().consumeBytes(stream, bytes)) {
                session.flushSoon();
            }
        } catch (Http2Exception broken) {
            session.onError(session.context(), false, broken);
        }
    }

    @Override
    void hungry() {
        // The codec brings what the windows let through.
    }

    @Override
    void reset(Reset why) {
        session.reset(
                stream,
                switch (why) {
                    case CANCELLED -> Http2Error.CANCEL;
                    case BROKEN -> Http2Error.INTERNAL_ERROR;
                    case ANSWERED -> Http2Error.NO_ERROR;
                    case STALLED -> Http2Error.ENHANCE_YOUR_CALM;
                });
        if (why == Reset.STALLED) {
            session.glitch(Glitches.STALLED);
        }
    }

    @Override
    public boolean isWritable() {
        return !isClosed() && session.encoder().flowController().isWritable(stream);
    }

    @Override
    public Reading.Wait waits() {
        Http2RemoteFlowController flow = session.encoder().flowController();
        if (isClosed() || flow.isWritable(stream) || !(flow.hasFlowControlled(stream) || isHeldBack())) {
            return Reading.Wait.NONE;
        }
        return session.channel().isWritable() ? Reading.Wait.WINDOW : Reading.Wait.NETWORK;
    }

    @Override
    public long unsent() {
        return session.channel().bytesBeforeWritable();
    }

    @Override
    public long taken() {
        if (isClosed()) {
            return 0;
        }
        Http2RemoteFlowController flow = session.encoder().flowController();
        // A new initial size changes the windows of all streams by the same (RFC 9113 §6.9.2).
        return flow.initialWindowSize() + allowed - flow.windowSize(stream);
    }

    @Override
    public @Nullable TcpInfo progress() {
        return TcpInfo.of(session.channel());
    }

    /// The visitor has opened this stream's window by so much.
    void allowed(int more) {
        allowed += more;
    }

    @Override
    public void released() {
        session.released();
    }
}
