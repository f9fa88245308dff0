package dev.culvert.dataplane.tcp;

import dev.culvert.dataplane.os.SteadyEpoll;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.unix.Errors;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/// A TCP connection of the kernel's as a channel on an epoll loop.
///
/// Netty's own tells epoll each change of what it waits for, and asks the kernel for addresses, options and
/// buffers that nobody wants: twice the system calls of a short connection. This one tells epoll once, by edge,
/// and remembers what it was told.
public final class TcpChannel extends HalfClosingChannel implements UnixChannel {
    // sys/epoll.h: urgent data; both directions have ended. Netty has no names for them.
    private static final int EPOLLPRI = 0x2;
    private static final int EPOLLHUP = 0x10;
    private static final EpollIoOps EVERYTHING = EpollIoOps.valueOf(EpollIoOps.EPOLLIN.value()
            | EpollIoOps.EPOLLOUT.value()
            | EpollIoOps.EPOLLRDHUP.value()
            | EpollIoOps.EPOLLET.value()
            | EPOLLPRI);
    private static final int ENDED = EpollIoOps.EPOLLRDHUP.value() | EPOLLHUP;
    private static final EpollIoOps ENDS_ALONE = EpollIoOps.EPOLLRDHUP.with(EpollIoOps.EPOLLET);
    private static final int FAILED = EpollIoOps.EPOLLERR.value() | EPOLLHUP;
    // Of what arrived before a failure: 4 MiB.
    private static final int MOST_LAST_READS = 64;
    // Of one turn, where somebody takes bytes as fast as they come.
    private static final int MOST_WRITES = 16;

    private final ChannelConfig config = new ReadConfig(this, this::autoReadCleared);
    private final Runnable readAgain = this::readAgainNow;
    private final SocketSetup setup;
    // Written on the loop only; others ask whether the channel is active, open or shut.
    private volatile @Nullable Socket socket;
    private volatile boolean connected;
    private @Nullable InetSocketAddress remote;
    private @Nullable SteadyEpoll epoll;
    private @Nullable IoRegistration registration;
    private @Nullable ChannelPromise connecting;
    private @Nullable ChannelPromise finishing;
    private @Nullable Readiness listener;
    private @Nullable Probing young;
    // As far as is known: by epoll's last word, or by a call that had nothing to do.
    private boolean readable;
    private boolean writable;
    private boolean peerEnded;
    private boolean urgent;
    private boolean readPending;
    private boolean reading;
    private boolean readAgainScheduled;
    private boolean failing;
    private boolean muted;
    private boolean abort;

    /// Who hears in the place of the channel and its pipeline, which nothing is read for any more.
    @FunctionalInterface
    public interface Readiness {
        /// @param what epoll's word; on the channel's loop
        void ready(TcpChannel channel, EpollIoOps what);
    }

    /// A channel that will connect.
    public TcpChannel(SocketSetup setup) {
        super(null);
        this.setup = setup;
    }

    /// A channel for an accepted connection.
    TcpChannel(Channel parent, Socket accepted, InetSocketAddress from) {
        super(parent);
        this.setup = SocketSetup.NONE;
        this.socket = accepted;
        this.remote = from;
        this.connected = true;
        // A new connection has room.
        this.writable = true;
    }

    /// The kernel's socket.
    ///
    /// @throws IllegalStateException before it connects
    public Socket socket() {
        Socket current = socket;
        if (current == null) {
            throw new IllegalStateException("no socket before it connects");
        }
        return current;
    }

    @Override
    public FileDescriptor fd() {
        return socket();
    }

    /// Lets somebody else hear, read and write from now on; the channel remains who closes. On the loop, with
    /// nothing left to write.
    public void handOver(Readiness to) {
        listener = to;
    }

    /// Hears of ends and failures alone until [#listenAgain()]: for who holds back what arrives, each piece of it
    /// would wake the loop for nothing. On the loop.
    public void mute() {
        IoRegistration current = registration;
        if (!muted && current != null && isOpen()) {
            muted = true;
            current.submit(ENDS_ALONE);
        }
    }

    /// Hears all again, at once of what is there. On the loop.
    public void listenAgain() {
        IoRegistration current = registration;
        if (muted && current != null && isOpen()) {
            muted = false;
            current.submit(EVERYTHING);
        }
    }

    @Override
    public void abort() {
        onLoop(() -> {
            abort = true;
            unsafe().close(voidPromise());
        });
    }

    private void listen() throws IOException {
        Future<IoRegistration> registered = ((IoEventLoop) eventLoop()).register(new Ear());
        if (!registered.isSuccess()) {
            throw new IOException("not registered with its loop", registered.cause());
        }
        IoRegistration current = registered.getNow();
        registration = current;
        current.submit(EVERYTHING);
    }

    private void heard(EpollIoOps what) {
        Readiness other = listener;
        if (!isOpen()) {
            return;
        }
        if (other != null) {
            other.ready(this, what);
        } else if (connecting != null) {
            connectEnded(what.value());
        } else if (!what.contains(EpollIoOps.EPOLLERR) || !hasFailed()) {
            readyFor(what.value());
        }
    }

    /// What arrived before a failure is told before it, as far as the kernel has it: a target that refuses a request
    /// answers, and resets because of what it has not read.
    private boolean hasFailed() {
        readable = true;
        peerEnded = true;
        failing = true;
        readNow();
        failing = false;
        return !isOpen() || isBroken();
    }

    private boolean isBroken() {
        try {
            int error = socket().getSoError();
            if (error == 0) {
                return false;
            }
            fail(Errors.newIOException("connection", -error));
        } catch (IOException e) {
            fail(e);
        }
        return true;
    }

    private void readyFor(int what) {
        if ((what & EpollIoOps.EPOLLOUT.value()) != 0) {
            writable = true;
            ((TcpUnsafe) unsafe()).resumeFlush();
        }
        if ((what & ~EpollIoOps.EPOLLOUT.value()) != 0) {
            readable = true;
            urgent |= (what & EPOLLPRI) != 0;
            // That the peer has gone is to be heard by who waits for nothing from it, too; once, for behind bytes
            // that nobody wants yet it cannot be.
            boolean news = !peerEnded && (what & ENDED) != 0;
            peerEnded |= news;
            if (readPending || news) {
                readNow();
            }
        }
    }

    private void connectEnded(int what) {
        ChannelPromise promise = connecting;
        if (promise == null || (what & (EpollIoOps.EPOLLOUT.value() | FAILED)) == 0) {
            return;
        }
        try {
            if ((what & FAILED) != 0 && !socket().finishConnect()) {
                return;
            }
        } catch (IOException refused) {
            connecting = null;
            promise.tryFailure(((TcpUnsafe) unsafe()).named(refused));
            unsafe().close(voidPromise());
            return;
        }
        connecting = null;
        connected = true;
        writable = true;
        young = Probing.of(this);
        boolean told = promise.trySuccess();
        pipeline().fireChannelActive();
        if (!told) {
            unsafe().close(voidPromise());
        } else if (isOpen()) {
            // It may have answered before we heard that it is there.
            readyFor(what);
        }
    }

    void fail(IOException why) {
        pipeline().fireExceptionCaught(why);
        unsafe().close(voidPromise());
    }

    private void readNow() {
        if (reading || isInputShutdown() || !isOpen() || listener != null) {
            return;
        }
        reading = true;
        RecvByteBufAllocator.ExtendedHandle sizes = (RecvByteBufAllocator.ExtendedHandle) unsafe().recvBufAllocHandle();
        sizes.reset(config);
        boolean any = false;
        IOException failure = null;
        int reads = 0;
        int count = 0;
        try {
            while ((count = readOnce(sizes)) > 0) {
                any = true;
                boolean full = sizes.lastBytesRead() == sizes.attemptedBytesRead();
                // Behind the last bytes of who has ended stands the end, which is read on for.
                if (!readable || !isOpen() || listener != null || (full && !mayGoOn(++reads, sizes))) {
                    break;
                }
            }
        } catch (IOException broken) {
            failure = broken;
        } catch (RuntimeException | OutOfMemoryError broken) {
            failure = new IOException(broken);
        }
        reading = false;
        if (count < 0) {
            inputEnded();
        }
        sizes.readComplete();
        if (!isOpen()) {
            return;
        }
        if (any) {
            pipeline().fireChannelReadComplete();
        }
        if (failure != null) {
            fail(failure);
        } else if (count < 0) {
            tellInputEnded();
        } else if (readable && (readPending || config.isAutoRead())) {
            readAgain();
        }
    }

    private boolean mayGoOn(int reads, RecvByteBufAllocator.ExtendedHandle sizes) {
        return failing ? reads < MOST_LAST_READS : sizes.continueReading();
    }

    /// @return how many bytes it passed on, 0 if there are none now, -1 at the end
    private int readOnce(RecvByteBufAllocator.ExtendedHandle sizes) throws IOException {
        ByteBuf buffer = sizes.allocate(config.getAllocator());
        int room = buffer.writableBytes();
        sizes.attemptedBytesRead(room);
        int count;
        try {
            count = receive(buffer, room);
        } catch (IOException broken) {
            buffer.release();
            throw broken;
        }
        sizes.lastBytesRead(count);
        if (count <= 0) {
            buffer.release();
            readable = false;
            urgent = false;
            return count;
        }
        // Less than there was room for is all that there was (epoll(7)), but for an end behind it, or urgent data, at
        // whose mark a read stops (tcp(7)).
        readable = count == room || peerEnded || urgent;
        sizes.incMessagesRead(1);
        readPending = false;
        pipeline().fireChannelRead(buffer.writerIndex(buffer.writerIndex() + count));
        return count;
    }

    private int receive(ByteBuf buffer, int room) throws IOException {
        int from = buffer.writerIndex();
        if (buffer.hasMemoryAddress()) {
            return socket().recvAddress(buffer.memoryAddress(), from, from + room);
        }
        ByteBuffer part = buffer.internalNioBuffer(from, room);
        return socket().recv(part, part.position(), part.limit());
    }

    private void readAgain() {
        if (!readAgainScheduled) {
            readAgainScheduled = true;
            again(readAgain);
        }
    }

    private void readAgainNow() {
        readAgainScheduled = false;
        if (readPending && readable) {
            readNow();
        }
    }

    /// Runs something in the next turn of the loop, so that the others have theirs first. On the loop, once
    /// connected.
    public void again(Runnable turn) {
        SteadyEpoll loop = epoll;
        if (loop != null) {
            loop.again(turn);
        }
    }

    private void autoReadCleared() {
        if (isRegistered()) {
            onLoop(() -> readPending &= config.isAutoRead());
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (readable) {
            readAgain();
        }
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        try {
            if (connected) {
                listen();
                young = Probing.of(this);
            }
            promise.setSuccess();
        } catch (IOException | RuntimeException e) {
            promise.setFailure(e);
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws IOException {
        SocketWrites calls = SocketWrites.ofThisLoop();
        for (int writes = 0; !in.isEmpty(); writes++) {
            if (!writable) {
                return;
            }
            if (writes == MOST_WRITES) {
                again(((TcpUnsafe) unsafe())::resumeFlush);
                return;
            }
            in.removeBytes(calls.write(socket(), in, finishing != null));
            writable = calls.tookAll();
        }
        if (finishing != null) {
            endOutput();
        }
    }

    @Override
    protected ByteBuf outbound(ByteBuf bytes) throws ChannelOutputShutdownException {
        if (bytes.isReadable() && (isOutputShutdown() || finishing != null)) {
            throw new ChannelOutputShutdownException("the output has ended");
        }
        return SocketWrites.direct(bytes, config.getAllocator());
    }

    /// Ends this direction behind what waits to be written: the FIN travels with the last of it, where that is one
    /// piece.
    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        onLoop(() -> {
            ChannelOutboundBuffer waiting = unsafe().outboundBuffer();
            if (isOutputShutdown() || finishing != null || waiting == null) {
                promise.tryFailure(new ClosedChannelException());
                return;
            }
            finishing = promise;
            unsafe().flush();
            if (waiting.isEmpty() && finishing != null) {
                endOutput();
            }
        });
        return promise;
    }

    @Override
    protected void doShutdownOutput() throws IOException {
        outputEnded();
        socket().shutdown(false, true);
    }

    private void endOutput() {
        ChannelPromise promise = finishing;
        finishing = null;
        outputEnded();
        try {
            socket().shutdown(false, true);
        } catch (IOException | java.nio.channels.NotYetConnectedException gone) {
            // Reset meanwhile: the loop is about to hear of it, and so is whoever reads.
            if (promise != null) {
                promise.tryFailure(gone);
            }
            return;
        }
        if (promise != null) {
            promise.trySuccess();
        }
        closeIfBothShut();
    }

    @Override
    protected void doClose() throws IOException {
        if (!isOpen()) {
            // Somebody was in a hurry (closeForcibly).
            return;
        }
        ended();
        Probing probing = young;
        if (probing != null) {
            probing.end();
        }
        ChannelPromise promise = connecting;
        if (promise != null) {
            connecting = null;
            promise.tryFailure(new ConnectException("closed while connecting"));
        }
        ChannelPromise last = finishing;
        if (last != null) {
            finishing = null;
            last.tryFailure(new ClosedChannelException());
        }
        Socket current = socket;
        IoRegistration place = registration;
        SteadyEpoll loop = epoll;
        if (current == null) {
            return;
        }
        try {
            if (abort) {
                current.setSoLinger(0);
            }
        } finally {
            if (place == null || loop == null) {
                current.close();
            } else {
                loop.close(current, place);
            }
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isCompatible(EpollIoHandle.class);
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        Socket current = socket;
        // Of a closed one the number may be another's.
        return current == null || !isOpen() ? null : current.localAddress();
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isActive() {
        return connected && isOpen();
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new TcpUnsafe();
    }

    /// The channel's place among the descriptors of its loop.
    private final class Ear implements SteadyEpoll.Handle {
        @Override
        public void registeredWith(SteadyEpoll now) {
            epoll = now;
        }

        @Override
        public FileDescriptor fd() {
            return socket();
        }

        @Override
        public void handle(IoRegistration place, IoEvent event) {
            try {
                heard(((EpollIoEvent) event).ops());
            } catch (RuntimeException | OutOfMemoryError e) {
                // Not the loop's affair, whose other sockets wait for their events.
                fail(new IOException(e));
            }
        }

        @Override
        public void close() {
            unsafe().close(voidPromise());
        }
    }

    private final class TcpUnsafe extends AbstractUnsafe {
        @Override
        public void connect(SocketAddress to, @Nullable SocketAddress from, ChannelPromise promise) {
            if (!promise.setUncancellable() || !ensureOpen(promise)) {
                return;
            }
            if (socket != null) {
                safeSetFailure(promise, new AlreadyConnectedException());
                return;
            }
            try {
                InetSocketAddress target = (InetSocketAddress) to;
                Socket fresh = setup.open(target, from);
                socket = fresh;
                remote = target;
                connecting = promise;
                boolean done = fresh.connect(target);
                listen();
                if (done) {
                    connectEnded(EpollIoOps.EPOLLOUT.value());
                } else {
                    limitConnect(promise);
                }
            } catch (IOException | RuntimeException e) {
                connecting = null;
                promise.tryFailure(annotateConnectException(e, to));
                closeIfClosed();
            }
        }

        Throwable named(IOException refused) {
            return annotateConnectException(refused, remote);
        }

        void resumeFlush() {
            flush0();
        }
    }
}
