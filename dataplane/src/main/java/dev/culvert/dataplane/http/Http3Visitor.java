package dev.culvert.dataplane.http;

import dev.culvert.dataplane.tcp.TcpInfo;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http3.DefaultHttp3Headers;
import io.netty.handler.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.handler.codec.http3.Http3DataFrame;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.http3.Http3HeadersFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One stream of a visitor that speaks HTTP/3. What is not read of it counts against the windows of QUIC.
final class Http3Visitor extends FramedVisitor<Http3Headers> {
    // A head has to be there by then (attacks.md TC-01).
    private static final int HEAD_LOOKS = 10 / Pace.WATCH_SECONDS;
    // Seconds without a byte written after which there is a probe, doubled each time: as a close is noticed late only
    // where it was quiet for long, and nobody's idle timeout strikes meanwhile.
    private static final int MOST_QUIET = 15;
    // Requests that have no body, as long as nothing says otherwise: whether the stream goes on is not known with
    // their head (RFC 9114 §4.1), and is worth waiting for.
    private static final Set<String> BARE = Set.of("GET", "HEAD", "OPTIONS", "DELETE");

    private final Http3Session session;
    private final QuicStreamChannel stream;
    private final ChannelFutureListener written = this::written;
    private @Nullable Http3Headers head;
    private boolean begun;
    private long unsent;
    private @Nullable ChannelFuture outstanding;
    private boolean everWritten;
    private int looks;
    private int quiet;
    private int patience = 1;

    Http3Visitor(Http3Session session, QuicStreamChannel stream) {
        this.session = session;
        this.stream = stream;
    }

    ChannelHandler handler() {
        return new Frames();
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
    Http3Headers fields(int expected) {
        return new DefaultHttp3Headers(false, Math.max(8, expected + 2));
    }

    @Override
    ChannelFuture write(Http3Headers section, boolean last) {
        return sent(stream.writeAndFlush(new DefaultHttp3HeadersFrame(section)), 0, last);
    }

    @Override
    ChannelFuture write(ByteBuf bytes, boolean last) {
        int length = bytes.readableBytes();
        if (length == 0) {
            bytes.release();
            return last ? stream.shutdownOutput().addListener(written) : stream.newSucceededFuture();
        }
        return sent(writeRaw(Http3Codec.data(stream.alloc(), bytes)), length, last);
    }

    /// Past the codec, which would make two buffers of a frame: of those, QUIC's channel does not tell when nobody
    /// wants
    /// them any more.
    private ChannelFuture writeRaw(ByteBuf frame) {
        ChannelHandlerContext codec = stream.pipeline().firstContext();
        if (codec == null || isClosed()) {
            frame.release();
            return stream.newFailedFuture(new ClosedChannelException());
        }
        return codec.writeAndFlush(frame);
    }

    private ChannelFuture sent(ChannelFuture sent, int bytes, boolean last) {
        quiet = 0;
        patience = 1;
        unsent += bytes;
        outstanding = sent;
        sent.addListener(written);
        if (bytes > 0) {
            sent.addListener(_ -> unsent -= bytes);
        }
        if (last) {
            sent.addListener(QuicStreamChannel.SHUTDOWN_OUTPUT);
        }
        return sent;
    }

    private void written(ChannelFuture sent) {
        if (sent.isSuccess()) {
            everWritten = true;
        } else {
            unwanted();
        }
    }

    /// What cannot be written was not wanted any more (RFC 9000 §3.5).
    private void unwanted() {
        if (!isClosed()) {
            boolean early = isServed();
            reset(Http3ErrorCode.H3_REQUEST_CANCELLED);
            if (early) {
                session.resetHappened();
            }
        }
    }

    @Override
    void flushSoon() {
        // QUIC's channels hold nothing back.
    }

    @Override
    void consumed(int bytes) {
        // Who does not read is not sent more.
    }

    @Override
    void hungry() {
        stream.read();
    }

    @Override
    void reset(Reset why) {
        switch (why) {
            case CANCELLED -> reset(Http3ErrorCode.H3_REQUEST_CANCELLED);
            case BROKEN -> reset(Http3ErrorCode.H3_INTERNAL_ERROR);
            case STALLED -> {
                reset(Http3ErrorCode.H3_EXCESSIVE_LOAD);
                session.glitch(Glitches.STALLED);
            }
            case ANSWERED -> {
                if (!stream.isInputShutdown()) {
                    stream.shutdownInput(Http3ErrorCode.H3_NO_ERROR.code());
                }
                ends();
                stream.close();
            }
        }
    }

    void reset(Http3ErrorCode error) {
        if (!isClosed()) {
            stream.shutdown(error.code());
            ends();
            stream.close();
        }
    }

    /// The stream is no more.
    void ends() {
        if (!isClosed()) {
            closed();
            session.gone(this);
        }
    }

    @Override
    void watch() {
        if (!begun && ++looks > HEAD_LOOKS) {
            ingress().count("http3.slow-head");
            reset(Http3ErrorCode.H3_REQUEST_REJECTED);
        } else {
            super.watch();
        }
    }

    /// Once a second: nobody tells that a visitor does not want a response any more, before something is written. Once
    /// both sides know it, QUIC knows nothing more of the stream, and takes no byte without saying why.
    void probe() {
        if (!isServed()) {
            return;
        }
        ChannelFuture before = outstanding;
        if (before != null && !before.isDone()) {
            // A stream that is full has no capacity; a new one has, unless others have used up the connection's.
            if (stream.bytesBeforeUnwritable() > 0 || (!everWritten && !session.isHeldUp(this))) {
                unwanted();
            }
        } else if (stream.isWritable() && ++quiet >= patience) {
            quiet = 0;
            patience = Math.min(2 * patience, MOST_QUIET);
            ChannelFuture frame = writeRaw(Http3Codec.nothing(stream.alloc()));
            outstanding = frame;
            frame.addListener(written);
        }
    }

    @Override
    public boolean isWritable() {
        return !isClosed() && stream.isWritable();
    }

    @Override
    public Reading.Wait waits() {
        // Windows and network look alike from here.
        return isClosed() || stream.isWritable() ? Reading.Wait.NONE : Reading.Wait.NETWORK;
    }

    @Override
    public long unsent() {
        return unsent;
    }

    @Override
    public long taken() {
        return 0;
    }

    @Override
    public @Nullable TcpInfo progress() {
        return null;
    }

    @Override
    public void released() {
        session.released();
    }

    private void head(Http3Headers fields) {
        if (head == null && !begun) {
            head = fields;
        }
        // Else trailers: dropped, as none of a request's are wanted (attacks.md H1-11).
    }

    /// Begins the exchange as soon as it is known whether there is a body.
    private void beginIfClear(boolean bodySeen) {
        Http3Headers fields = head;
        if (begun || fields == null || isClosed()) {
            return;
        }
        CharSequence method = fields.method();
        boolean bare = method != null && fields.get(":protocol") == null && BARE.contains(method.toString());
        if (isEnded() || bodySeen || !bare) {
            begun = true;
            head = null;
            session.request(this, FramedHead.read(3, fields, !isEnded()));
        }
    }

    private final class Frames extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.read();
            ctx.fireChannelActive();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            try {
                switch (message) {
                    case Http3HeadersFrame fields -> head(fields.headers());
                    case Http3DataFrame data
                    when data.content().isReadable() -> {
                        beginIfClear(true);
                        received(data.content(), false);
                    }
                    default -> session.glitch(Glitches.EMPTY);
                }
            } catch (RuntimeException bug) {
                failed(bug);
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (begun) {
                // What has come may have been nothing of the body.
                deliver();
            } else if (!isClosed()) {
                // An end that is there already is told next.
                loop().execute(this::lookOn);
            }
            ctx.fireChannelReadComplete();
        }

        private void lookOn() {
            try {
                beginIfClear(false);
            } catch (RuntimeException bug) {
                failed(bug);
            }
            if (!begun && !isEnded() && !isClosed()) {
                stream.read();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                try {
                    ended();
                    beginIfClear(false);
                } catch (RuntimeException bug) {
                    failed(bug);
                }
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            try {
                writabilityChanged();
            } catch (RuntimeException bug) {
                failed(bug);
            }
            ctx.fireChannelWritabilityChanged();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ends();
            ctx.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (cause instanceof QuicStreamResetException) {
                session.resetHappened();
                reset(Http3ErrorCode.H3_REQUEST_CANCELLED);
            } else {
                session.broken(cause);
                reset(Http3ErrorCode.H3_MESSAGE_ERROR);
            }
        }
    }
}
