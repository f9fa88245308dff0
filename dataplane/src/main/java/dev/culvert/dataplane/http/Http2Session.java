package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.relay.Relay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A visitor that speaks HTTP/2 (RFC 9113): many exchanges at once, each with an [Http2Visitor] on a stream of its own.
/// One
/// per connection, on its loop.
///
/// It is one handler for all streams and not a channel for each: a stream costs two objects of ours.
public final class Http2Session extends Http2ConnectionHandler {
    private static final int FIRST_REQUEST_LOOKS = 10 / Pace.WATCH_SECONDS;
    private static final int IDLE_LOOKS = 75 / Pace.WATCH_SECONDS;
    private static final int LAST_REQUEST_MILLIS = 300;
    private static final int LINGER_SECONDS = 2;
    private static final int STARTS_AT_ONCE = 8;

    private final HttpIngress ingress;
    private final Channel channel;
    private final Http2Connection.PropertyKey key;
    private final Glitches glitches;
    private final RecentResets resets = new RecentResets();
    private final Runnable flusher = this::flushNow;
    private final Runnable starter = this::startSome;
    // A browser asks for a page's parts in one breath; most connections never do.
    private final Queue<Http2Visitor> starting = new ArrayDeque<>(2);
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> watch;
    private int occupied;
    private int idleLooks;
    private boolean asked;
    private boolean flushing;
    private boolean draining;
    private boolean closing;

    Http2Session(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            HttpIngress ingress,
            Channel channel,
            Glitches glitches) {
        // A close is a close: whoever wants to be gentle says so.
        super(decoder, encoder, settings, true, true);
        this.ingress = ingress;
        this.channel = channel;
        this.glitches = glitches;
        this.key = connection().newKey();
        decoder.frameListener(new Frames());
        connection().addListener(new Streams());
        encoder.flowController().listener(this::writabilityChanged);
    }

    /// Puts codec and session on a visitor's channel, which may be active already.
    public static void install(Channel channel, HttpIngress ingress) {
        channel.pipeline().addLast(Relay.HTTP, new Http2Codec(ingress, channel).build());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
        if (ctx.channel().isActive()) {
            open();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        super.channelActive(ctx);
        open();
    }

    private void open() {
        if (watch != null) {
            return;
        }
        if (!ingress.admit()) {
            channel.close();
            return;
        }
        watch = loop().scheduleWithFixedDelay(this::watch, Pace.WATCH_SECONDS, Pace.WATCH_SECONDS, TimeUnit.SECONDS);
        try {
            Http2Stream all = connection().connectionStream();
            decoder().flowController().incrementWindowSize(all, Http2Codec.CONNECTION_WINDOW_MORE);
        } catch (Http2Exception bug) {
            throw new IllegalStateException(bug);
        }
        channel.read();
    }

    EventLoop loop() {
        return channel.eventLoop();
    }

    Channel channel() {
        return channel;
    }

    HttpIngress ingress() {
        return ingress;
    }

    ChannelHandlerContext context() {
        ChannelHandlerContext current = context;
        if (current == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return current;
    }

    /// What is written until the end of this turn of the loop leaves in one piece.
    void flushSoon() {
        if (!flushing) {
            flushing = true;
            loop().execute(flusher);
        }
    }

    private void flushNow() {
        flushing = false;
        flush(context());
    }

    void reset(Http2Stream stream, Http2Error error) {
        ChannelHandlerContext ctx = context();
        resetStream(ctx, stream.id(), error.code(), ctx.newPromise());
        flushSoon();
    }

    /// What an exchange occupied at its target is free again.
    void released() {
        occupied--;
        closeIfDrained();
    }

    private @Nullable Http2Visitor visitor(Http2Stream stream) {
        return stream.getProperty(key);
    }

    private void writabilityChanged(Http2Stream stream) {
        Http2Visitor visitor = visitor(stream);
        if (visitor != null) {
            visitor.writabilityChanged();
        }
    }

    private void watch() {
        try {
            for (Http2Visitor visitor : visitors()) {
                visitor.watch();
            }
        } catch (Http2Exception bug) {
            ingress.failed(bug);
        }
        idleLooks = connection().numActiveStreams() == 0 && occupied == 0 ? idleLooks + 1 : 0;
        if (idleLooks > (asked ? IDLE_LOOKS : FIRST_REQUEST_LOOKS) && !draining) {
            if (!asked) {
                ingress.count(HttpIngress.SLOW_HEAD);
            }
            leave();
        }
    }

    private List<Http2Visitor> visitors() throws Http2Exception {
        List<Http2Visitor> all = new ArrayList<>(connection().numActiveStreams());
        connection().forEachActiveStream(stream -> {
            Http2Visitor visitor = visitor(stream);
            if (visitor != null) {
                all.add(visitor);
            }
            return true;
        });
        return all;
    }

    /// A visitor of ill will, or in error: it is told, and the connection ends.
    private void tooMuch() {
        ingress.count("http2.flood");
        onError(
                context(),
                false,
                Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too much of what leads to nothing"));
    }

    void glitch(int price) {
        if (glitches.add(price, System.nanoTime()) && !closing) {
            closing = true;
            tooMuch();
        }
    }

    private void request(Http2Stream stream, Http2Headers headers, boolean end) {
        asked = true;
        // A short one between two looks is one, too.
        idleLooks = 0;
        Request request = FramedHead.read(2, headers, !end);
        if (request == null) {
            ingress.count("http2.malformed");
            glitch(Glitches.MALFORMED);
            reset(stream, Http2Error.PROTOCOL_ERROR);
            return;
        }
        if (occupied >= Http2Codec.MAX_STREAMS) {
            // The streams that it has reset still have their targets at work (attacks.md H2-02).
            ingress.count("http2.occupied");
            glitch(Glitches.RESET);
            reset(stream, Http2Error.REFUSED_STREAM);
            return;
        }
        Http2Visitor visitor = new Http2Visitor(this, stream);
        if (end) {
            visitor.ended();
        }
        stream.setProperty(key, visitor);
        HttpExchange exchange = ingress.begin(visitor, request);
        if (exchange == null) {
            glitch(Glitches.MALFORMED);
            return;
        }
        occupied++;
        visitor.await(exchange);
        if (starting.isEmpty()) {
            loop().execute(starter);
        }
        starting.add(visitor);
    }

    /// Behind the frames that came with them: what was reset in the same breath has asked no target (attacks.md H2-01).
    /// A few at a time, for each dials, and other visitors of this loop wait meanwhile.
    private void startSome() {
        for (int i = 0; i < STARTS_AT_ONCE; i++) {
            Http2Visitor next = starting.poll();
            if (next == null) {
                return;
            }
            next.start();
        }
        if (!starting.isEmpty()) {
            // A task that is merely put behind runs before any socket is looked at.
            var _ = loop().schedule(starter, 1, TimeUnit.MILLISECONDS);
        }
    }

    /// What the frames of a connection mean for its streams.
    private final class Frames extends Http2FrameAdapter {
        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int streamDependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endOfStream) {
            Http2Stream stream = connection().stream(streamId);
            Http2Visitor visitor = visitor(stream);
            if (visitor == null) {
                request(stream, headers, endOfStream);
            } else {
                // Trailers: dropped, as none of a request's are wanted (attacks.md H1-11).
                visitor.ended();
            }
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
            Http2Visitor visitor = visitor(connection().stream(streamId));
            int length = data.readableBytes();
            if (length == 0 && !endOfStream) {
                glitch(Glitches.EMPTY);
            }
            if (visitor == null) {
                return length + padding;
            }
            visitor.received(data, endOfStream);
            return padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) {
            glitch(Glitches.RESET);
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            glitch(Glitches.SETTINGS);
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long data) {
            glitch(Glitches.PING);
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext ctx, int streamId, int streamDependency, short weight, boolean exclusive) {
            glitch(Glitches.PRIORITY);
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int streamId, int windowSizeIncrement) {
            Http2Stream stream = connection().stream(streamId);
            Http2Visitor visitor = stream == null ? null : visitor(stream);
            if (visitor != null) {
                visitor.allowed(windowSizeIncrement);
            }
            if (glitches.window(System.nanoTime())) {
                glitch(0);
            }
        }

        @Override
        public void onUnknownFrame(
                ChannelHandlerContext ctx, byte frameType, int streamId, Http2Flags flags, ByteBuf payload) {
            glitch(Glitches.EMPTY);
        }
    }

    /// Ends of streams, for whatever reason.
    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamClosed(Http2Stream stream) {
            Http2Visitor visitor = visitor(stream);
            if (stream.isResetSent()) {
                resets.add(stream.id());
            }
            if (visitor != null) {
                visitor.closed();
            }
            if (draining) {
                // The codec is still counting it.
                loop().execute(Http2Session.this::closeIfDrained);
            }
        }
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        Http2Stream stream = connection().stream(error.streamId());
        if (error.error() == Http2Error.STREAM_CLOSED && stream == null) {
            closedStream(ctx, error.streamId());
            return;
        }
        ingress.count("http2.stream-error." + error.error());
        boolean begun = stream != null && visitor(stream) != null;
        if (begun
                && stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE
                && error.error() == Http2Error.PROTOCOL_ERROR) {
            // RFC 9113 §5.1: a second head, of which the codec says only that it is one too many.
            reset(stream, Http2Error.STREAM_CLOSED);
        } else {
            if (stream == null && !outbound) {
                remember(error.streamId());
            }
            super.onStreamError(ctx, outbound, cause, error);
        }
        glitch(error instanceof Http2Exception.HeaderListSizeException ? Glitches.TOO_LARGE : Glitches.MALFORMED);
    }

    /// A head that the codec could not read never became a stream. With one, a body that follows is known to come
    /// behind our reset, and the other streams live on.
    private void remember(int id) {
        try {
            connection().remote().createStream(id, false);
        } catch (Http2Exception taken) {
            // Too many, or not the next one: the codec's own answer will do.
        }
    }

    /// RFC 9113 §5.1: what comes behind our reset was under way; behind the end of both sides it is an error of the
    /// connection.
    private void closedStream(ChannelHandlerContext ctx, int stream) {
        if (resets.contains(stream)) {
            glitch(Glitches.EMPTY);
        } else {
            onError(
                    ctx,
                    false,
                    Http2Exception.connectionError(Http2Error.STREAM_CLOSED, "stream %d has ended", stream));
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception error) {
        closing = true;
        if (error == null) {
            ingress.failed(cause);
        } else {
            ingress.count("http2.connection-error." + error.error());
        }
        if (channel.isWritable()) {
            super.onConnectionError(ctx, outbound, cause, error);
        } else {
            // It does not read: what it would be told, it would have to be waited for.
            Relay.reset(channel);
        }
    }

    /// RFC 9113 §6.8: first that no more are wanted, a moment later which were the last.
    private void drain() {
        draining = true;
        ChannelHandlerContext ctx = context();
        goAway(ctx, Integer.MAX_VALUE);
        loop().schedule(this::leave, LAST_REQUEST_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void leave() {
        draining = true;
        if (channel.isActive()) {
            goAway(context(), connection().remote().lastStreamCreated());
            closeIfDrained();
        }
    }

    private void goAway(ChannelHandlerContext ctx, int last) {
        ChannelPromise promise = ctx.newPromise();
        goAway(ctx, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, promise);
        ctx.flush();
    }

    private void closeIfDrained() {
        boolean last = connection().goAwaySent() && connection().remote().lastStreamKnownByPeer() != Integer.MAX_VALUE;
        if (!draining || !last || closing || connection().numActiveStreams() > 0 || !channel.isActive()) {
            return;
        }
        closing = true;
        ChannelFuture written = channel.writeAndFlush(Unpooled.EMPTY_BUFFER);
        written.addListener((ChannelFutureListener) done -> {
            // A close with bytes unread is a reset, which may overtake the last response.
            if (done.isSuccess() && channel instanceof DuplexChannel duplex) {
                Relay.endOutput(duplex);
                loop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
            } else {
                channel.close();
            }
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            ctx.close();
        } else if (event == Drain.Notice.BEGIN) {
            drain();
        } else {
            super.userEventTriggered(ctx, event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        Future<?> current = watch;
        if (current != null) {
            current.cancel(false);
        }
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        if (cause instanceof Http2Exception) {
            super.exceptionCaught(ctx, cause);
        } else {
            ingress.failed(cause);
            ctx.close();
        }
    }
}
