package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.relay.Relay;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http3.DefaultHttp3GoAwayFrame;
import io.netty.handler.codec.http3.Http3;
import io.netty.handler.codec.http3.Http3ErrorCode;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A visitor that speaks HTTP/3 (RFC 9114): many exchanges at once, each with an [Http3Visitor] on a stream of its own.
/// One per connection, on its loop.
public final class Http3Session extends ChannelInboundHandlerAdapter {
    private static final int FIRST_REQUEST_LOOKS = 10 / Pace.WATCH_SECONDS;
    private static final int IDLE_LOOKS = 75 / Pace.WATCH_SECONDS;
    private static final int LAST_REQUEST_MILLIS = 300;
    // What was written last is on its way, and a close would overtake it.
    private static final int LINGER_MILLIS = 500;
    private static final int PROBE_SECONDS = 1;
    // RFC 9114 §5.2: the greatest id of a request stream says only that the end is near.
    private static final long NO_STREAM_YET = (1L << 62) - 4;
    // Control and QPACK streams, and some that mean nothing (RFC 9114 §6.2.3).
    private static final int FREE_STREAMS = 8;
    // What Netty keeps of a stream that was reset lasts as long as its connection.
    private static final int MOST_RESETS = 1000;

    private final HttpIngress ingress;
    private final QuicChannel channel;
    private final Glitches glitches = new Glitches();
    private final Set<Http3Visitor> visitors = new LinkedHashSet<>();
    private @Nullable Future<?> watch;
    private boolean probing;
    private int occupied;
    private int idleLooks;
    private int oneWay;
    private int resets;
    private long next;
    private long refusedFrom = Long.MAX_VALUE;
    private boolean asked;
    private boolean draining;
    private boolean closing;

    private Http3Session(QuicChannel channel, HttpIngress ingress) {
        this.channel = channel;
        this.ingress = ingress;
    }

    /// Puts codec and session on a visitor's channel whose handshake is over.
    public static void install(QuicChannel channel, HttpIngress ingress) {
        Http3Session session = new Http3Session(channel, ingress);
        channel.pipeline().addLast(Http3Codec.connection(session)).addLast(Relay.HTTP, session);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        watch = loop().scheduleWithFixedDelay(this::watch, Pace.WATCH_SECONDS, Pace.WATCH_SECONDS, TimeUnit.SECONDS);
    }

    EventLoop loop() {
        return channel.eventLoop();
    }

    HttpIngress ingress() {
        return ingress;
    }

    /// What is put on each stream of a request.
    ChannelHandler requests() {
        return new ChannelInitializer<QuicStreamChannel>() {
            @Override
            protected void initChannel(QuicStreamChannel stream) {
                accept(stream);
            }
        };
    }

    private void accept(QuicStreamChannel stream) {
        long id = stream.streamId();
        if (id >= refusedFrom) {
            stream.shutdown(Http3ErrorCode.H3_REQUEST_REJECTED.code());
            return;
        }
        next = Math.max(next, id + 4);
        stream.config().setAutoRead(false);
        Http3Visitor visitor = new Http3Visitor(this, stream);
        visitors.add(visitor);
        stream.pipeline().addLast(visitor.handler());
        probe();
    }

    /// A head is whole: judges it and begins its exchange.
    void request(Http3Visitor visitor, @Nullable Request request) {
        asked = true;
        // A short one between two looks is one, too.
        idleLooks = 0;
        if (request == null) {
            ingress.count("http3.malformed");
            glitch(Glitches.MALFORMED);
            visitor.reset(Http3ErrorCode.H3_MESSAGE_ERROR);
            return;
        }
        if (occupied >= Http3Codec.MAX_STREAMS) {
            // The streams that it has reset still have their targets at work (attacks.md H2-02).
            ingress.count("http3.occupied");
            glitch(Glitches.RESET);
            visitor.reset(Http3ErrorCode.H3_REQUEST_REJECTED);
            return;
        }
        HttpExchange exchange = ingress.begin(visitor, request);
        if (exchange == null) {
            glitch(Glitches.MALFORMED);
            return;
        }
        occupied++;
        visitor.begin(exchange);
    }

    /// What an exchange occupied at its target is free again.
    void released() {
        occupied--;
        closeIfDrained();
    }

    /// A stream is no more.
    void gone(Http3Visitor visitor) {
        visitors.remove(visitor);
        closeIfDrained();
    }

    /// A stream was reset, by whichever side.
    void resetHappened() {
        glitch(Glitches.RESET);
        if (++resets == MOST_RESETS) {
            leave();
        }
    }

    void glitch(int price) {
        if (glitches.add(price, System.nanoTime()) && !closing) {
            closing = true;
            ingress.count("http3.flood");
            channel.close(true, Http3ErrorCode.H3_EXCESSIVE_LOAD.code(), Unpooled.EMPTY_BUFFER);
        }
    }

    /// What the codec has found wrong with a stream.
    void broken(Throwable cause) {
        ingress.count("http3.error." + Http3Fault.of(cause));
        glitch(Glitches.MALFORMED);
    }

    /// What the codec has found wrong with a stream that all others need.
    void connectionBroken(Throwable cause) {
        broken(cause);
        if (!closing) {
            closing = true;
            channel.close(true, Http3ErrorCode.H3_GENERAL_PROTOCOL_ERROR.code(), Unpooled.EMPTY_BUFFER);
        }
    }

    private void watch() {
        List.copyOf(visitors).forEach(Http3Visitor::watch);
        idleLooks = visitors.isEmpty() && occupied == 0 ? idleLooks + 1 : 0;
        if (idleLooks > (asked ? IDLE_LOOKS : FIRST_REQUEST_LOOKS)) {
            leave();
        }
    }

    /// As long as there are requests: who has silently lost interest in one is noticed by writing to it.
    private void probe() {
        if (!probing) {
            probing = true;
            loop().schedule(this::probeAll, PROBE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void probeAll() {
        probing = false;
        List.copyOf(visitors).forEach(Http3Visitor::probe);
        if (!visitors.isEmpty() && channel.isActive()) {
            probe();
        }
    }

    /// Whether others may have used up what the connection lets through.
    boolean isHeldUp(Http3Visitor one) {
        for (Http3Visitor other : visitors) {
            if (!other.equals(one) && other.unsent() > 0) {
                return true;
            }
        }
        return false;
    }

    /// RFC 9114 §5.2: first that no more are wanted, a moment later which were the last.
    private void drain() {
        draining = true;
        goAway(NO_STREAM_YET);
        loop().schedule(this::leave, LAST_REQUEST_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void leave() {
        draining = true;
        if (channel.isActive() && refusedFrom == Long.MAX_VALUE) {
            refusedFrom = next;
            goAway(next);
            closeIfDrained();
        }
    }

    private void goAway(long id) {
        QuicStreamChannel control = Http3.getLocalControlStream(channel);
        if (control != null) {
            control.writeAndFlush(new DefaultHttp3GoAwayFrame(id));
        }
    }

    private void closeIfDrained() {
        if (!draining || closing || refusedFrom == Long.MAX_VALUE || !visitors.isEmpty() || occupied > 0) {
            return;
        }
        closing = true;
        loop().schedule(
                        () -> channel.close(true, Http3ErrorCode.H3_NO_ERROR.code(), Unpooled.EMPTY_BUFFER),
                        LINGER_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof QuicStreamChannel stream
                && stream.type() == QuicStreamType.UNIDIRECTIONAL
                && ++oneWay > FREE_STREAMS) {
            glitch(Glitches.EMPTY);
        }
        // Only behind the last handler a stream begins to live.
        ctx.fireChannelRead(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == Drain.Notice.BEGIN) {
            drain();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Future<?> current = watch;
        if (current != null) {
            current.cancel(false);
        }
        List.copyOf(visitors).forEach(Http3Visitor::ends);
        ctx.fireChannelInactive();
    }
}
