package dev.culvert.dataplane.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;

/// One stream of a visitor that speaks HTTP/2.
final class Http2Visitor extends FramedVisitor<Http2Headers> {
    private final Http2Session session;
    private final Http2Stream stream;

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
        session.sent(bytes.readableBytes());
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
                });
    }

    @Override
    public boolean isWritable() {
        return !isClosed() && session.encoder().flowController().isWritable(stream);
    }

    @Override
    public long unsent() {
        return isClosed()
                ? 0
                : session.channel().bytesBeforeWritable()
                        - session.encoder().flowController().windowSize(stream);
    }

    @Override
    public void released() {
        session.released();
    }
}
