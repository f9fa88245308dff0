package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.proto.http.ResponseRules;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.Headers;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// One stream of a visitor that speaks HTTP/2 or HTTP/3, and so one exchange: all that does not depend on which.
///
/// What has come of the body and is not wanted yet waits here, and counts against the visitor's windows until an
/// exchange has taken it: that is the backpressure.
///
/// @param <H> the field sections of the version
abstract sealed class FramedVisitor<H extends Headers<CharSequence, CharSequence, H>> implements HttpVisitor
        permits Http2Visitor, Http3Visitor {
    private final Deque<ByteBuf> waiting = new ArrayDeque<>(2);
    private @Nullable HttpExchange exchange;
    // Written with what follows it, for the end of the stream may stand on it.
    private @Nullable H head;
    // Of a response that is whole here and has not left: the exchange is over, and asks no more how it is taken.
    private @Nullable Reading leftover;
    private boolean wanted;
    private boolean delivering;
    private boolean ended;
    private boolean endTaken;
    private boolean tunnelAwaited;
    private boolean closed;

    /// Why a stream is given up.
    enum Reset {
        /// It was cut by a ban, a reload or the like.
        CANCELLED,
        /// What was sent so far is not the whole.
        BROKEN,
        /// A response that is whole asks for no more of the request (RFC 9113 §8.1, RFC 9114 §4.1).
        ANSWERED,
        /// The visitor does not do its part.
        STALLED
    }

    /// An empty field section for so many fields.
    abstract H fields(int expected);

    /// Nothing leaves before [#flushSoon].
    abstract ChannelFuture write(H section, boolean last);

    /// Takes `bytes` over.
    abstract ChannelFuture write(ByteBuf bytes, boolean last);

    abstract void flushSoon();

    /// So many bytes of the body have left this queue: the visitor may send as many.
    abstract void consumed(int bytes);

    /// The queue is empty, and the exchange waits.
    abstract void hungry();

    /// Ends the stream; [#closed] follows, now or later.
    abstract void reset(Reset why);

    abstract HttpIngress ingress();

    void begin(HttpExchange begun) {
        await(begun);
        start();
    }

    /// From now on it has an exchange; what comes of its body waits until that starts.
    void await(HttpExchange begun) {
        exchange = begun;
        // What a WebSocket says before the target has agreed is held back (attacks.md WS-03).
        tunnelAwaited = begun.isUpgrade();
    }

    /// Unless the visitor has left meanwhile.
    void start() {
        HttpExchange begun = exchange;
        if (begun != null) {
            begun.start();
        }
    }

    /// A piece of the body; only lent.
    void received(ByteBuf piece, boolean last) {
        ended |= last;
        if (exchange == null) {
            consumed(piece.readableBytes());
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

    boolean isEnded() {
        return ended;
    }

    boolean isClosed() {
        return closed;
    }

    /// Whether a response is still to come, or the rest of one.
    boolean isServed() {
        return exchange != null;
    }

    /// Whether there is more of a response than was written here.
    boolean isHeldBack() {
        HttpExchange running = exchange;
        return running != null && running.isHeldBack();
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
        if (leftover != null) {
            leftover.end();
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
        } else if (!closed) {
            watchLeftover();
        }
    }

    /// Small responses that nobody takes hold a stream and memory as large ones do (attacks.md H2-06).
    private void watchLeftover() {
        Reading reading = leftover;
        if (reading == null) {
            reading = ingress().reading(this);
            leftover = reading;
        }
        if (reading.isStalled(0)) {
            ingress().count("http.stalled");
            reset(Reset.STALLED);
        }
    }

    @Override
    public void begins(Connection connection) {
        connection.cutter(() -> loop().execute(() -> giveUp(Reset.CANCELLED)));
    }

    /// The exchange hears of it by the end of the stream.
    private void giveUp(Reset why) {
        if (!closed) {
            reset(why);
        }
    }

    @Override
    public void read() {
        wanted = true;
        deliver();
    }

    /// A read within a piece's handling is served by the loop that is already running.
    final void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        while (wanted && deliverNext()) {}
        delivering = false;
        if (wanted && !ended && exchange != null) {
            hungry();
        }
    }

    private boolean deliverNext() {
        HttpExchange running = exchange;
        if (running == null || endTaken) {
            return false;
        }
        ByteBuf piece = tunnelAwaited ? null : waiting.pollFirst();
        if (piece != null) {
            wanted = false;
            consumed(piece.readableBytes());
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

    @Override
    public void interim(HttpResponse response, Heads.ResponseView view) {
        write(FramedHeads.interim(fields(view.count()), response, view), false);
        flushSoon();
    }

    @Override
    public boolean switched(HttpResponse response, Heads.ResponseView view) {
        // RFC 8441 §5, RFC 9220 §3: the stream itself is the connection.
        write(FramedHeads.switched(fields(view.count()), view), false);
        flushSoon();
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
        head = FramedHeads.response(fields(view.count()), response, view, verdict);
    }

    @Override
    public void flush() {
        writeHead(false);
        flushSoon();
    }

    @Override
    public void content(HttpContent piece) {
        writeHead(false);
        write(piece.content(), false);
        flushSoon();
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
            finish(write(FramedHeads.trailers(fields(8), trailers), true));
        } else if (body) {
            writeHead(false);
            finish(write(last.content(), true));
        } else {
            last.release();
            finish(head == null ? write(Unpooled.EMPTY_BUFFER, true) : writeHead(true));
        }
    }

    /// A response that is whole before the request was read asks for no more of it.
    private void finish(@Nullable ChannelFuture written) {
        flushSoon();
        if (!ended && written != null) {
            written.addListener(done -> {
                if (done.isSuccess()) {
                    giveUp(Reset.ANSWERED);
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
        write(FramedHeads.answer(fields(8), response), false);
        finish(write(response.content(), true));
    }

    @Override
    public void abort() {
        exchange = null;
        giveUp(Reset.BROKEN);
    }

    @Override
    public void stalled() {
        exchange = null;
        giveUp(Reset.STALLED);
    }

    @Override
    public void failed(Throwable bug) {
        ingress().failed(bug);
        abort();
    }

    private @Nullable ChannelFuture writeHead(boolean last) {
        H pending = head;
        head = null;
        return pending == null ? null : write(pending, last);
    }
}
