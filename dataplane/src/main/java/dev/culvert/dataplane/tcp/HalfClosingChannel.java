package dev.culvert.dataplane.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A TCP connection as a channel, wherever its TCP is: the kernel's, or the tunnel's stack.
///
/// It always half-closes: the peer's FIN is a [ChannelInputShutdownEvent] and never a close, and the channel
/// closes by itself when both directions have ended. When it has read an end behind other bytes,
/// [#isInputShutdown()] says so from `channelReadComplete` on, and the event follows at once.
public abstract class HalfClosingChannel extends AbstractChannel implements DuplexChannel {
    /// Reads of one turn at most.
    protected static final int MOST_READS = 16;

    private static final ChannelMetadata METADATA = new ChannelMetadata(false, MOST_READS);

    // Written on the loop only; others ask whether the channel is open or shut.
    private volatile boolean inputShutdown;
    private volatile boolean outputShutdown;
    private volatile boolean closed;

    protected HalfClosingChannel(@Nullable Channel parent) {
        super(parent);
    }

    /// Closes with a reset instead of a FIN: what a relay does when the other side was reset.
    public abstract void abort();

    /// Nothing more comes; to be followed by [#tellInputEnded()].
    protected final void inputEnded() {
        inputShutdown = true;
    }

    protected final void tellInputEnded() {
        pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        closeIfBothShut();
    }

    protected final void outputEnded() {
        outputShutdown = true;
    }

    protected final void closeIfBothShut() {
        if (inputShutdown && outputShutdown) {
            unsafe().close(voidPromise());
        }
    }

    /// For the close of a subclass.
    protected final void ended() {
        closed = true;
        inputShutdown = true;
        outputShutdown = true;
    }

    /// Fails a connect that takes longer than the configuration says. On the loop.
    protected final void limitConnect(ChannelPromise promise) {
        int millis = config().getConnectTimeoutMillis();
        if (millis <= 0) {
            return;
        }
        Future<?> limit = eventLoop()
                .schedule(
                        () -> {
                            String late = "no answer from " + remoteAddress() + " within " + millis + " ms";
                            if (promise.tryFailure(new ConnectTimeoutException(late))) {
                                abort();
                            }
                        },
                        millis,
                        TimeUnit.MILLISECONDS);
        promise.addListener(_ -> limit.cancel(false));
    }

    protected final void onLoop(Runnable task) {
        if (eventLoop().inEventLoop()) {
            task.run();
        } else {
            eventLoop().execute(task);
        }
    }

    @Override
    public final boolean isOpen() {
        return !closed;
    }

    @Override
    public final boolean isInputShutdown() {
        return inputShutdown;
    }

    @Override
    public final boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    public final boolean isShutdown() {
        return inputShutdown && outputShutdown;
    }

    @Override
    public final ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public final ChannelFuture shutdownInput(ChannelPromise promise) {
        onLoop(() -> {
            inputShutdown = true;
            promise.trySuccess();
            closeIfBothShut();
        });
        return promise;
    }

    @Override
    public final ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public final ChannelFuture shutdown() {
        return close();
    }

    @Override
    public final ChannelFuture shutdown(ChannelPromise promise) {
        return close(promise);
    }

    @Override
    public final ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public final @Nullable InetSocketAddress remoteAddress() {
        return (InetSocketAddress) super.remoteAddress();
    }

    @Override
    public final @Nullable InetSocketAddress localAddress() {
        return (InetSocketAddress) super.localAddress();
    }

    /// As Netty has it for a message that a channel cannot carry: its write fails by this, and it is released.
    @Override
    protected final Object filterOutboundMessage(Object message) throws ChannelOutputShutdownException {
        if (message instanceof ByteBuf bytes) {
            return outbound(bytes);
        }
        throw new UnsupportedOperationException("a TCP connection carries bytes, not " + message.getClass());
    }

    /// What stands for these bytes until they are written.
    ///
    /// @throws ChannelOutputShutdownException if nothing can be behind an end
    protected ByteBuf outbound(ByteBuf bytes) throws ChannelOutputShutdownException {
        return bytes;
    }

    @Override
    protected final void doBind(SocketAddress local) {
        throw new UnsupportedOperationException("a connection has its local address since it connects");
    }

    @Override
    protected final void doDisconnect() throws Exception {
        doClose();
    }
}
