package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.tcp.TcpInfo;
import dev.culvert.proto.http.Framing;
import dev.culvert.proto.http.ResponseRules;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A visitor that speaks HTTP/1.1 or 1.0: one exchange after the other. One per connection, on its loop.
public final class Http1Connection extends ChannelInboundHandlerAdapter implements HttpVisitor {
    // attacks.md TC-01: the first head within 10 s of the connection, the next within a keep-alive.
    private static final int FIRST_HEAD_SECONDS = 10;
    private static final int KEEP_ALIVE_LOOKS = 75 / Pace.WATCH_SECONDS;
    private static final int LINGER_SECONDS = 2;
    private static final int LAST_REQUEST_MILLIS = 300;
    // What the visitor does not take of a last response within a minute it will not take.
    private static final int MAX_CLOSING_LOOKS = 60 / Pace.WATCH_SECONDS;

    private final HttpIngress ingress;
    private final Channel channel;
    private final StrictRequestDecoder decoder;
    private @Nullable HttpExchange exchange;
    private @Nullable HttpRequest pipelined;
    private @Nullable Future<?> deadline;
    private @Nullable Future<?> watch;
    private int idleLooks;
    // Of the exchange under way, or the one before.
    private boolean requestRead;
    private boolean keep;
    private boolean delimited = true;
    // Of the response: written with what follows it, as one message where that is all of it.
    private @Nullable HttpResponse head;
    private boolean closing;
    private int closingLooks;
    private boolean draining;

    private Http1Connection(HttpIngress ingress, Channel channel, StrictRequestDecoder decoder) {
        this.ingress = ingress;
        this.channel = channel;
        this.decoder = decoder;
    }

    /// Puts codec and connection on a visitor's channel, which may be active already.
    public static void install(Channel channel, HttpIngress ingress) {
        StrictRequestDecoder decoder = HttpCodecs.server(channel.pipeline());
        channel.pipeline().addLast(Relay.HTTP, new Http1Connection(ingress, channel, decoder));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            open();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
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
        deadline = loop().schedule(this::headLate, FIRST_HEAD_SECONDS, TimeUnit.SECONDS);
        watch = loop().scheduleWithFixedDelay(this::watch, Pace.WATCH_SECONDS, Pace.WATCH_SECONDS, TimeUnit.SECONDS);
        channel.read();
    }

    private void headLate() {
        ingress.count(HttpIngress.SLOW_HEAD);
        channel.close();
    }

    private void watch() {
        HttpExchange running = exchange;
        if (running != null) {
            running.watch();
        }
        // Looks and not a timer of its own, which every request would set and cancel.
        idleLooks = running == null ? idleLooks + 1 : 0;
        if (idleLooks > KEEP_ALIVE_LOOKS) {
            channel.close();
        }
        closingLooks = closing ? closingLooks + 1 : 0;
        if (closingLooks > MAX_CLOSING_LOOKS) {
            ingress.count("http.stalled");
            Relay.reset(channel);
        }
    }

    /// While the node drains: one more request is answered if it comes soon, for it may be on its way.
    private void awaitLast() {
        cancel(deadline);
        deadline = loop().schedule(this::closeGently, LAST_REQUEST_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void cancel(@Nullable Future<?> task) {
        if (task != null) {
            task.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message);
            ctx.read();
        } else if (message instanceof HttpRequest request) {
            received(request);
            if (message instanceof HttpContent content) {
                body(content);
            }
        } else if (message instanceof HttpContent content) {
            body(content);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void received(HttpRequest head) {
        if (exchange != null) {
            pipelined = head;
            return;
        }
        cancel(deadline);
        deadline = null;
        idleLooks = 0;
        requestRead = false;
        delimited = true;
        if (head.decoderResult().isFailure()) {
            ingress.count("http.malformed");
            ingress.turnAway(
                    this, Request.MALFORMED, Heads.statusOf(head.decoderResult().cause()));
            return;
        }
        HttpExchange begun = ingress.begin(this, Request.of(head));
        if (begun != null) {
            exchange = begun;
            begun.start();
        }
    }

    private void body(HttpContent content) {
        HttpExchange current = exchange;
        if (current == null) {
            content.release();
        } else if (content.decoderResult().isFailure()) {
            // The decoder ends a body that it cannot read with a last piece like any other.
            content.release();
            ingress.count("http.malformed");
            current.requestBroken();
        } else {
            requestRead |= content instanceof LastHttpContent;
            current.requestContent(content);
        }
    }

    @Override
    public EventLoop loop() {
        return channel.eventLoop();
    }

    @Override
    public void begins(Connection connection) {
        // It is the only one on its channel.
    }

    @Override
    public void read() {
        channel.read();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public Reading.Wait waits() {
        return channel.isWritable() ? Reading.Wait.NONE : Reading.Wait.NETWORK;
    }

    @Override
    public long unsent() {
        return channel.bytesBeforeWritable();
    }

    @Override
    public long taken() {
        return 0;
    }

    @Override
    public @Nullable TcpInfo progress() {
        return TcpInfo.of(channel);
    }

    @Override
    public void interim(HttpResponse head, Heads.ResponseView view) {
        // RFC 9110, 15.2: HTTP/1.0 knows none.
        if (!isHttp10()) {
            // Whole, for the encoder must hear of its end before the next head.
            writeAndFlush(Heads.whole(Heads.interimToVisitor(head, view), LastHttpContent.EMPTY_LAST_CONTENT));
        }
    }

    @Override
    public boolean switched(HttpResponse head, Heads.ResponseView view) {
        this.head = Heads.switchingToVisitor(head, view);
        return true;
    }

    @Override
    public void relay(Upstream to, Connection connection) {
        writeEnd(LastHttpContent.EMPTY_LAST_CONTENT);
        exchange = null;
        cancel(watch);
        Relay.join(channel, to.channel(), connection);
    }

    @Override
    public void head(HttpResponse head, Heads.ResponseView view, ResponseRules.Final verdict) {
        HttpExchange current = exchange;
        boolean http10 = isHttp10();
        delimited = verdict.framing() == Framing.NONE || verdict.length() >= 0 || !http10;
        keep = delimited
                && requestRead
                && !draining
                && current != null
                && current.verdict().keepAlive();
        this.head = Heads.toVisitor(head, view, verdict, http10, keep);
    }

    private boolean isHttp10() {
        HttpExchange current = exchange;
        return current != null && current.request().isHttp10();
    }

    @Override
    public void flush() {
        writeHead();
        channel.flush();
    }

    @Override
    public void content(HttpContent piece) {
        writeHead();
        writeAndFlush(piece);
    }

    private void writeHead() {
        HttpResponse pending = head;
        if (pending != null) {
            head = null;
            channel.write(pending, channel.voidPromise());
        }
    }

    private void writeEnd(LastHttpContent last) {
        HttpResponse pending = head;
        head = null;
        writeAndFlush(pending == null ? last : Heads.whole(pending, last));
    }

    /// What the encoder does not take is an exception of the pipeline: else the visitor would wait for ever.
    private void writeAndFlush(Object message) {
        channel.writeAndFlush(message, channel.voidPromise());
    }

    @Override
    public void end(LastHttpContent last) {
        HttpExchange done = exchange;
        HttpHeaders trailers = done == null ? null : Heads.trailers(done.request(), last);
        writeEnd(trailers == null ? Heads.withoutTrailers(last) : new DefaultLastHttpContent(last.content(), trailers));
        exchange = null;
        if (!keep) {
            closeGently();
            return;
        }
        if (draining) {
            awaitLast();
        }
        decoder.resume(channel);
        HttpRequest next = pipelined;
        if (next != null) {
            // Its body is read when its exchange has a target to send it to.
            pipelined = null;
            received(next);
        } else {
            channel.read();
        }
    }

    /// Answers and closes.
    @Override
    public void refuse(int status) {
        answer(Answers.of(status));
    }

    @Override
    public void answer(FullHttpResponse response) {
        exchange = null;
        if (!channel.isActive()) {
            response.release();
            return;
        }
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        channel.write(response);
        closeGently();
    }

    @Override
    public void abort() {
        exchange = null;
        head = null;
        if (delimited && channel.isWritable()) {
            // No last chunk, or fewer bytes than were said: what has come is known not to be all.
            channel.close();
        } else {
            Relay.reset(channel);
        }
    }

    @Override
    public void stalled() {
        abort();
    }

    @Override
    public void released() {
        // One exchange at a time bounds itself.
    }

    @Override
    public void failed(Throwable bug) {
        channel.pipeline().fireExceptionCaught(bug);
    }

    /// Ends this side and takes what the visitor still sends for a while: a close with bytes unread is a reset, which
    /// may overtake the response (RFC 9112 §9.6).
    private void closeGently() {
        closing = true;
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFutureListener) written -> {
            if (!written.isSuccess() || !(written.channel() instanceof DuplexChannel duplex)) {
                written.channel().close();
                return;
            }
            Relay.endOutput(duplex);
            deadline = loop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
            duplex.read();
        });
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        HttpExchange current = exchange;
        if (current != null && ctx.channel().isWritable()) {
            current.visitorWritable();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            ctx.close();
        } else if (event instanceof Drain.Notice notice) {
            draining = notice == Drain.Notice.BEGIN;
            if (draining && exchange == null && !closing) {
                awaitLast();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancel(deadline);
        cancel(watch);
        HttpExchange running = exchange;
        exchange = null;
        if (running != null) {
            running.visitorGone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ingress.failed(cause);
        ctx.close();
    }
}
