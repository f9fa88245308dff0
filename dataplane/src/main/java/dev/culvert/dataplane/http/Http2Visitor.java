package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.proto.http.ResponseRules;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// One stream of a visitor that speaks HTTP/2, and so one exchange.
///
/// What has come of the body and is not wanted yet waits here, and counts against the windows of stream and connection
/// until an exchange has taken it: that is the backpressure.
final class Http2Visitor implements HttpVisitor {
    private final Http2Session session;
    private final Http2Stream stream;
    private final Deque<ByteBuf> waiting = new ArrayDeque<>(2);
    private @Nullable HttpExchange exchange;
    // Written with what follows it, for the end of the stream may stand on it.
    private @Nullable Http2Headers head;
    private boolean wanted;
    private boolean delivering;
    private boolean ended;
    private boolean endTaken;
    private boolean tunnelAwaited;
    private boolean closed;

    /// @param ended whether there is no body
    Http2Visitor(Http2Session session, Http2Stream stream, boolean ended) {
        this.session = session;
        this.stream = stream;
        this.ended = ended;
    }

    void begin(HttpExchange begun) {
        exchange = begun;
        // What a WebSocket says before the target has agreed is held back (attacks.md WS-03).
        tunnelAwaited = begun.isUpgrade();
        begun.start();
    }

    /// A piece of the body; only lent.
    void received(ByteBuf piece, boolean last) {
        ended |= last;
        if (exchange == null) {
            consume(piece.readableBytes());
            return;
        }
        if (piece.isReadable()) {
            waiting.addLast(piece.retain());
        }
        deliver();
    }

    /// The body is over.
    void ended() {
        ended = true;
        deliver();
    }

    /// The stream is no more, whoever ended it.
    void closed() {
        closed = true;
        HttpExchange running = exchange;
        exchange = null;
        ByteBuf piece;
        while ((piece = waiting.pollFirst()) != null) {
            piece.release();
        }
        if (running != null) {
            running.visitorGone();
        }
    }

    void writabilityChanged() {
        HttpExchange running = exchange;
        if (running != null && isWritable()) {
            running.visitorWritable();
        }
    }

    void watch() {
        HttpExchange running = exchange;
        if (running != null) {
            running.watch();
        }
    }

    @Override
    public EventLoop loop() {
        return session.loop();
    }

    @Override
    public void begins(Connection connection) {
        connection.cutter(() -> loop().execute(this::cut));
    }

    /// The exchange hears of it by the end of the stream.
    private void cut() {
        if (!closed) {
            session.reset(stream, Http2Error.CANCEL);
        }
    }

    @Override
    public void read() {
        wanted = true;
        deliver();
    }

    /// A read within a piece's handling is served by the loop that is already running.
    private void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        while (wanted && deliverNext()) {}
        delivering = false;
    }

    private boolean deliverNext() {
        HttpExchange running = exchange;
        if (running == null || endTaken) {
            return false;
        }
        ByteBuf piece = tunnelAwaited ? null : waiting.pollFirst();
        if (piece != null) {
            wanted = false;
            consume(piece.readableBytes());
            running.requestContent(new DefaultHttpContent(piece));
            return true;
        }
        if (ended || tunnelAwaited) {
            wanted = false;
            endTaken = true;
            running.requestContent(LastHttpContent.EMPTY_LAST_CONTENT);
            return true;
        }
        return false;
    }

    private void consume(int bytes) {
        try {
            if (!closed && session.decoder().flowController().consumeBytes(stream, bytes)) {
                session.flushSoon();
            }
        } catch (Http2Exception broken) {
            session.onError(session.context(), false, broken);
        }
    }

    @Override
    public boolean isWritable() {
        return !closed && session.encoder().flowController().isWritable(stream);
    }

    @Override
    public long unsent() {
        return closed
                ? 0
                : session.channel().bytesBeforeWritable()
                        - session.encoder().flowController().windowSize(stream);
    }

    @Override
    public void interim(HttpResponse response, Heads.ResponseView view) {
        write(FramedHeads.interim(response, view), false);
        session.flushSoon();
    }

    @Override
    public boolean switched(HttpResponse response, Heads.ResponseView view) {
        // RFC 8441 §5: the stream itself is the connection.
        write(FramedHeads.switched(view), false);
        session.flushSoon();
        tunnelAwaited = false;
        endTaken = false;
        return false;
    }

    @Override
    public void relay(Upstream to, Connection connection) {
        throw new IllegalStateException("a stream is never a relay");
    }

    @Override
    public void head(HttpResponse response, Heads.ResponseView view, ResponseRules.Final verdict) {
        head = FramedHeads.response(response, view, verdict);
    }

    @Override
    public void flush() {
        writeHead(false);
        session.flushSoon();
    }

    @Override
    public void content(HttpContent piece) {
        writeHead(false);
        write(piece.content(), false);
        session.flushSoon();
    }

    @Override
    public void end(LastHttpContent last) {
        HttpExchange done = exchange;
        exchange = null;
        HttpHeaders trailers = done == null ? null : Heads.trailers(done.request(), last);
        boolean body = last.content().isReadable();
        if (trailers != null) {
            writeHead(false);
            if (body) {
                write(last.content(), false);
            } else {
                last.release();
            }
            finish(write(FramedHeads.trailers(trailers), true));
        } else if (body) {
            writeHead(false);
            finish(write(last.content(), true));
        } else {
            last.release();
            finish(head == null ? write(Unpooled.EMPTY_BUFFER, true) : writeHead(true));
        }
    }

    /// A response that is whole before the request was read asks for no more of it (RFC 9113 §8.1).
    private void finish(@Nullable ChannelFuture written) {
        session.flushSoon();
        if (!ended && written != null) {
            written.addListener(done -> {
                if (done.isSuccess() && !closed) {
                    session.reset(stream, Http2Error.NO_ERROR);
                }
            });
        }
    }

    @Override
    public void refuse(int status) {
        answer(Answers.of(status));
    }

    @Override
    public void answer(FullHttpResponse response) {
        exchange = null;
        if (closed) {
            response.release();
            return;
        }
        write(FramedHeads.answer(response), false);
        finish(write(response.content(), true));
    }

    @Override
    public void abort() {
        exchange = null;
        if (!closed) {
            session.reset(stream, Http2Error.INTERNAL_ERROR);
        }
    }

    @Override
    public void released() {
        session.released();
    }

    @Override
    public void failed(Throwable bug) {
        session.ingress().failed(bug);
        abort();
    }

    private @Nullable ChannelFuture writeHead(boolean last) {
        Http2Headers pending = head;
        head = null;
        return pending == null ? null : write(pending, last);
    }

    private ChannelFuture write(Http2Headers headers, boolean last) {
        ChannelHandlerContext ctx = session.context();
        return session.encoder().writeHeaders(ctx, stream.id(), headers, 0, last, ctx.newPromise());
    }

    private ChannelFuture write(ByteBuf bytes, boolean last) {
        ChannelHandlerContext ctx = session.context();
        session.sent(bytes.readableBytes());
        return session.encoder().writeData(ctx, stream.id(), bytes, 0, last, ctx.newPromise());
    }
}
