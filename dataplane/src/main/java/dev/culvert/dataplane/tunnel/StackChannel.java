package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.tcp.HalfClosingChannel;
import dev.culvert.proto.netstack.CloseReason;
import dev.culvert.proto.netstack.TcpSocket;
import dev.culvert.proto.netstack.TcpState;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A TCP connection inside the tunnel as a Netty channel without a file descriptor.
///
/// It lives on the tunnel loop. Reading takes from the socket's receive buffer, which opens the window; writing fills
/// its send buffer and goes on when an ACK has freed room.
public final class StackChannel extends HalfClosingChannel {
    // A peer that went away without a word must not hold a connection for ever: probed after this, four times.
    private static final long KEEP_ALIVE = TimeUnit.SECONDS.toNanos(60);

    private final StackInside tunnel;
    private final ChannelConfig config = new DefaultChannelConfig(this);
    // Written on the tunnel loop only; visitors' loops ask whether the channel is active, open or shut.
    private volatile @Nullable TcpSocket socket;
    private volatile @Nullable ChannelPromise connecting;
    private int longestRead = 64 * 1024;
    private boolean readPending;
    private boolean reading;
    private boolean readAgainScheduled;
    private boolean abort;

    /// A channel that will connect.
    StackChannel(StackInside tunnel) {
        super(null);
        this.tunnel = tunnel;
    }

    /// A channel for an accepted connection.
    StackChannel(Channel parent, StackInside tunnel, TcpSocket accepted) {
        super(parent);
        this.tunnel = tunnel;
        this.socket = accepted;
        accepted.attach(this);
        accepted.keepAlive(KEEP_ALIVE);
    }

    @Override
    public void abort() {
        onLoop(() -> {
            abort = true;
            unsafe().close(voidPromise());
        });
    }

    /// Takes no more than so many bytes at once, 1 or more; without auto-read that is all that one read brings. On the
    /// tunnel loop, or before the channel is read.
    public void longestRead(int bytes) {
        longestRead = bytes;
    }

    /// Called by the tunnel loop when something changed: connected, readable, writable, failed.
    void ready() {
        TcpSocket current = socket;
        if (current == null || !isOpen()) {
            return;
        }
        if (connecting != null) {
            connectProgress(current);
            return;
        }
        if (current.writable() > 0) {
            ((StackUnsafe) unsafe()).resumeFlush();
        }
        CloseReason failure = current.failure();
        if (readPending) {
            readNow(current);
        }
        if (failure != null && isOpen()) {
            fail(failure);
        }
    }

    private void connectProgress(TcpSocket current) {
        ChannelPromise promise = connecting;
        CloseReason failure = current.failure();
        if (promise == null) {
            return;
        }
        if (failure != null) {
            connecting = null;
            promise.tryFailure(connectFailure(failure));
            unsafe().close(voidPromise());
        } else if (current.isConnected()) {
            connecting = null;
            promise.trySuccess();
            pipeline().fireChannelActive();
            if (config.isAutoRead()) {
                read();
            }
        }
    }

    private IOException connectFailure(CloseReason failure) {
        String to = " by " + remoteAddress() + " inside the tunnel";
        return switch (failure) {
            case REFUSED, RESET -> new ConnectException("connection refused" + to);
            case TIMED_OUT -> new ConnectTimeoutException("no answer" + to);
            default -> new NoRouteToHostException("not reachable: " + failure + to);
        };
    }

    private void fail(CloseReason failure) {
        abort = true;
        pipeline().fireExceptionCaught(new IOException("connection " + failure + " inside the tunnel"));
        unsafe().close(voidPromise());
    }

    private void readNow(TcpSocket current) {
        if (reading || isInputShutdown()) {
            return;
        }
        reading = true;
        int read;
        int messages = 0;
        do {
            // The stack knows what there is: no guess, and none that a connection would have to remember.
            int length = Math.clamp(current.readable(), 1, longestRead);
            ByteBuf buffer = config.getAllocator().ioBuffer(length);
            read = current.read(buffer.internalNioBuffer(0, length));
            if (read <= 0) {
                buffer.release();
                break;
            }
            buffer.writerIndex(read);
            messages++;
            readPending = false;
            pipeline().fireChannelRead(buffer);
        } while (config.isAutoRead() && current.readable() > 0 && messages < MOST_READS && isOpen());
        reading = false;
        if (!isOpen()) {
            return;
        }
        if (messages > 0) {
            pipeline().fireChannelReadComplete();
        }
        readEnded(current, read);
    }

    private void readEnded(TcpSocket current, int lastRead) {
        // The socket becomes ready again only when more arrives: what is left must be taken without a new event.
        tunnel.schedulePump();
        if (lastRead < 0) {
            // A reset must not look like the end of the stream.
            CloseReason failure = current.failure();
            if (failure == null) {
                inputEnded();
                tellInputEnded();
            } else {
                fail(failure);
            }
        } else if (config.isAutoRead() || readPending) {
            readPending = true;
            if (current.readable() > 0) {
                readAgain();
            }
        }
    }

    private void readAgain() {
        if (!readAgainScheduled) {
            readAgainScheduled = true;
            eventLoop().execute(() -> {
                readAgainScheduled = false;
                TcpSocket current = socket;
                if (current != null && readPending && isOpen()) {
                    readNow(current);
                }
            });
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        TcpSocket current = socket;
        if (current != null && connecting == null && (current.readable() > 0 || mayHaveEnded(current.state()))) {
            readAgain();
        }
    }

    /// The end of the stream may have been reported ready while nobody wanted to read.
    private static boolean mayHaveEnded(TcpState state) {
        return switch (state) {
            case CLOSE_WAIT, LAST_ACK, CLOSING, TIME_WAIT, CLOSED -> true;
            default -> false;
        };
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        TcpSocket current = socket;
        if (current == null) {
            throw new IllegalStateException("write before connect");
        }
        boolean wrote = false;
        while (in.current() instanceof ByteBuf buffer) {
            int readable = buffer.readableBytes();
            int written = readable == 0 ? 0 : write(current, buffer);
            if (written < 0) {
                // The connection has failed; ready() tells why, and closes.
                eventLoop().execute(this::ready);
                break;
            }
            wrote |= written > 0;
            in.removeBytes(written);
            if (written < readable) {
                break;
            }
        }
        if (wrote) {
            tunnel.schedulePump();
        }
    }

    private static int write(TcpSocket current, ByteBuf buffer) {
        if (buffer.nioBufferCount() == 1) {
            return current.write(buffer.internalNioBuffer(buffer.readerIndex(), buffer.readableBytes()));
        }
        int total = 0;
        for (ByteBuffer part : buffer.nioBuffers()) {
            int size = part.remaining();
            int written = current.write(part);
            if (written < 0) {
                return written;
            }
            total += written;
            if (written < size) {
                break;
            }
        }
        return total;
    }

    @Override
    protected void doShutdownOutput() {
        outputEnded();
        TcpSocket current = socket;
        if (current != null) {
            current.shutdownOutput();
            tunnel.schedulePump();
        }
    }

    @Override
    protected void doClose() {
        ended();
        ChannelPromise promise = connecting;
        if (promise != null) {
            connecting = null;
            promise.tryFailure(new ConnectException("closed while connecting"));
        }
        TcpSocket current = socket;
        if (current != null) {
            current.attach(null);
            if (abort || promise != null) {
                current.abort();
            } else {
                current.close();
            }
            tunnel.schedulePump();
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop.equals(tunnel.eventLoop());
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        TcpSocket current = socket;
        return current == null ? null : current.local();
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        TcpSocket current = socket;
        return current == null ? null : current.remote();
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isActive() {
        return isOpen() && socket != null && connecting == null;
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        onLoop(() -> {
            ChannelOutboundBuffer waiting = unsafe().outboundBuffer();
            if (waiting != null && waiting.totalPendingWriteBytes() == 0) {
                // Netty's way would build an exception with its stack, for nothing that it could fail.
                doShutdownOutput();
                promise.trySuccess();
            } else {
                ((StackUnsafe) unsafe()).shutdownOutput(promise);
            }
            closeIfBothShut();
        });
        return promise;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new StackUnsafe();
    }

    private final class StackUnsafe extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
            if (!promise.setUncancellable() || !ensureOpen(promise)) {
                return;
            }
            if (socket != null) {
                safeSetFailure(promise, new AlreadyConnectedException());
                return;
            }
            TcpSocket opened;
            try {
                opened = tunnel.connect((InetSocketAddress) remote);
            } catch (IOException e) {
                safeSetFailure(promise, e);
                closeIfClosed();
                return;
            }
            opened.attach(StackChannel.this);
            opened.keepAlive(KEEP_ALIVE);
            socket = opened;
            connecting = promise;
            tunnel.schedulePump();
            limitConnect(promise);
        }

        void resumeFlush() {
            flush0();
        }
    }
}
