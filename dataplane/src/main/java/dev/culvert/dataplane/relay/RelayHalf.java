package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.tcp.HalfClosingChannel;
import dev.culvert.dataplane.tcp.TcpChannel;
import dev.culvert.model.decide.Allowance;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One direction of a relay: reads from the channel it is installed on, writes to the other.
///
/// It reads only while the other channel is writable, so that no more than a write buffer waits in between. Lives on
/// the
/// event loop of the channel it reads from.
final class RelayHalf extends ChannelInboundHandlerAdapter {
    // For what still waits to be sent when the source is gone: a sink that takes nothing for so long would keep it for
    // ever.
    private static final int LINGER_SECONDS = 120;

    private final Channel sink;
    private final LongAdder bytes;
    private final Runnable broken;
    private final @Nullable Throttle throttle;
    private @Nullable RelayHalf opposite;
    private @Nullable ChannelHandlerContext context;
    private boolean ended;
    private @Nullable SpliceStart splice;
    private long carried;
    private long spliceAt = Splices.LONG;
    private int reads;
    // What waits for the throttle to rest: the end of the direction, or of the whole source.
    private @Nullable Runnable afterwards;

    /// @param broken told when the source does not end but breaks
    /// @param allowance how fast it may go; null for as fast as it can
    /// @param inward whether it carries what the visitor sends
    RelayHalf(Channel sink, LongAdder bytes, Runnable broken, @Nullable Allowance allowance, boolean inward) {
        this.sink = sink;
        this.bytes = bytes;
        this.broken = broken;
        this.throttle = allowance == null ? null : new Throttle(allowance, inward, this::pass, this::rested);
    }

    /// Makes the channel that it reads from ready.
    void prepare(Channel source) {
        if (throttle != null) {
            throttle.prepare(source);
        }
    }

    void opposite(RelayHalf other) {
        opposite = other;
    }

    /// Lets it leave its channel when it turns out to be long.
    void offer(SpliceStart start) {
        splice = start;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (throttle == null) {
            pass((ByteBuf) message);
        } else {
            throttle.add((ByteBuf) message, ctx.executor());
        }
    }

    private void pass(ByteBuf message) {
        reads++;
        carried += message.readableBytes();
        bytes.add(message.readableBytes());
        // A write that fails is a reset of the sink: its pipeline hears of it, and the other half passes it on.
        sink.write(message, sink.voidPromise());
    }

    private boolean isPausing() {
        return throttle != null && throttle.isPausing();
    }

    private void rested() {
        sink.flush();
        Runnable task = afterwards;
        afterwards = null;
        if (task != null) {
            task.run();
        } else if (!becomesSplice() && sink.isWritable()) {
            resume();
        }
    }

    boolean hasEnded() {
        return ended;
    }

    /// Whether neither an end nor a pause is under way.
    boolean isIdle() {
        return !isPausing() && afterwards == null;
    }

    /// Tries to leave the channel, now and then, where this direction carries much at a time: as soon as the sink has
    /// taken all, and if it is not possible at that moment it reads on.
    private boolean becomesSplice() {
        SpliceStart start = splice;
        if (start == null || carried < spliceAt || ended || !isIdle()) {
            return false;
        }
        boolean large = reads <= Splices.READS;
        spliceAt = carried + Splices.LONG;
        reads = 0;
        if (!large) {
            return false;
        }
        sink.writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(_ -> sink.eventLoop().execute(() -> {
                    if (!start.begin()) {
                        resume();
                    }
                }));
        return true;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (isIdle() && !ended && ctx.channel() instanceof TcpChannel source && source.isInputShutdown()) {
            // Its end is told next, and goes with its last bytes.
            return;
        }
        sink.flush();
        if (!becomesSplice() && sink.isWritable() && mayRead(ctx.channel())) {
            ctx.read();
        }
    }

    /// This channel takes bytes again: the other one may be read.
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            resumeOpposite();
        }
    }

    void resumeOpposite() {
        RelayHalf other = opposite;
        if (other != null) {
            other.resume();
        }
    }

    /// After its end a channel must not be asked to read again. The end may also have come before this handler was
    /// there, with bytes that are only now handed on.
    private boolean mayRead(Channel source) {
        return !ended
                && !isPausing()
                && !(splice != null && splice.hasBegun())
                && !(source instanceof DuplexChannel duplex && duplex.isInputShutdown());
    }

    private void resume() {
        ChannelHandlerContext current = context;
        if (current == null) {
            return;
        }
        if (current.executor().inEventLoop()) {
            if (mayRead(current.channel())) {
                current.read();
            }
        } else {
            current.executor().execute(this::resume);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent) {
            // A close_notify ends the direction as a FIN does (RFC 8446 §6.1); the FIN comes later, or never.
            inputEnded();
        } else if (event instanceof ChannelInputShutdownEvent) {
            if (ended) {
                closeIfBothEnded(ctx.channel());
            }
            inputEnded();
        }
    }

    /// The source's FIN becomes the sink's, behind everything that was read before it.
    void inputEnded() {
        ChannelHandlerContext current = context;
        // A splice finds the end by itself.
        if (ended || current == null || (splice != null && splice.hasBegun())) {
            return;
        }
        if (isPausing()) {
            afterwards = this::inputEnded;
            return;
        }
        ended = true;
        RelayHalf answers = opposite;
        // Of another loop it may be seen late; then the watch has nothing to do until the close.
        if (answers != null && !answers.ended) {
            HalfClosed.watch(current.channel(), answers.bytes, () -> broke(current.channel()));
        }
        if (sink instanceof TcpChannel tcp && !sinkEnded() && tcp.pipeline().get(Relay.TLS) == null) {
            tcp.shutdownOutput().addListener(_ -> closeIfBothEnded(current.channel()));
            return;
        }
        sink.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFutureListener) written -> {
            // A sink that has said all it wanted ends with a close, which is a FIN too, and one call of the kernel.
            if (!written.isSuccess() || !(sink instanceof DuplexChannel duplex) || sinkEnded()) {
                sink.close();
            } else {
                Relay.endOutput(duplex).addListener(_ -> closeIfBothEnded(current.channel()));
            }
        });
    }

    private boolean sinkEnded() {
        RelayHalf other = opposite;
        return other != null && other.ended;
    }

    private void closeIfBothEnded(Channel source) {
        if (source instanceof DuplexChannel one
                && one.isInputShutdown()
                && one.isOutputShutdown()
                && sink instanceof DuplexChannel two
                && two.isInputShutdown()) {
            one.close();
            two.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone();
    }

    /// The source has closed: what it sent still goes out, then the sink closes too.
    void gone() {
        if (splice != null && splice.hasBegun()) {
            return;
        }
        if (isPausing() && sink.isOpen()) {
            afterwards = this::gone;
            return;
        }
        ended = true;
        if (!sink.isOpen()) {
            if (throttle != null) {
                throttle.release();
            }
            return;
        }
        if (!sink.writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(ChannelFutureListener.CLOSE)
                .isDone()) {
            sink.eventLoop().execute(() -> lingers(Long.MAX_VALUE));
        }
    }

    private void lingers(long before) {
        ChannelOutboundBuffer waiting = sink.unsafe().outboundBuffer();
        if (waiting == null || waiting.totalPendingWriteBytes() >= before) {
            reset(sink);
            return;
        }
        long now = waiting.totalPendingWriteBytes();
        Future<?> look = sink.eventLoop().schedule(() -> lingers(now), LINGER_SECONDS, TimeUnit.SECONDS);
        sink.closeFuture().addListener(_ -> look.cancel(false));
    }

    /// A reset on one side becomes a reset on the other: a cut transfer must not look complete.
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        broke(ctx.channel());
    }

    private void broke(Channel source) {
        broken.run();
        if (throttle != null) {
            throttle.release();
        }
        reset(sink);
        reset(source);
    }

    static void reset(Channel channel) {
        if (channel instanceof HalfClosingChannel ours) {
            ours.abort();
            return;
        }
        try {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        } catch (ChannelException closed) {
            // Its own loop, or the write whose failure brought us here, was faster.
        }
        channel.close();
    }
}
