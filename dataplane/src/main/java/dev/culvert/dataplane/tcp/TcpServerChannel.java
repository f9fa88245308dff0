package dev.culvert.dataplane.tcp;

import dev.culvert.dataplane.os.SteadyEpoll;
import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.NativeInetAddress;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A listening socket of the kernel's on an epoll loop; whom it accepts is a [TcpChannel] each.
///
/// Without auto-read nobody is accepted: who connects waits in the kernel's queue.
public final class TcpServerChannel extends AbstractServerChannel implements UnixChannel {
    private static final EpollIoOps CONNECTIONS = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);
    // In one turn, so that those who are there wait for a fraction of a millisecond.
    private static final int MOST_ACCEPTS = 16;
    // Its length, 16 bytes of address, the scope and the port: as Netty's native accept writes them.
    private static final int ADDRESS = 26;

    private final ChannelConfig config = new ReadConfig(this, () -> readPending = false);
    private final Socket socket;
    private final SocketSetup setup;
    private final int backlog;
    private final byte[] from = new byte[ADDRESS];
    private volatile Predicate<InetAddress> unwelcome = _ -> false;
    private volatile boolean listening;
    private volatile boolean closed;
    private @Nullable SteadyEpoll epoll;
    private @Nullable IoRegistration registration;
    private boolean acceptable;
    private boolean readPending;
    private boolean againScheduled;

    /// @param setup before it is bound; what is accepted inherits it
    /// @param backlog connections that wait at most
    /// @throws ChannelException if there is no descriptor left
    public TcpServerChannel(SocketSetup setup, int backlog) {
        this.socket = Socket.newSocketStream();
        this.setup = setup;
        this.backlog = backlog;
    }

    /// A socket that listens already.
    public TcpServerChannel(int descriptor) {
        this.socket = new Socket(descriptor);
        this.setup = SocketSetup.NONE;
        this.backlog = 0;
        this.listening = true;
    }

    /// Resets at once whoever comes from an address that this holds for: a flood costs an accept and a reset for each,
    /// and no channel. Asked on the loop; counting is its own.
    public void turnAway(Predicate<InetAddress> addresses) {
        unwelcome = addresses;
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        try {
            if (listening) {
                hear();
            }
            promise.setSuccess();
        } catch (IOException | RuntimeException e) {
            promise.setFailure(e);
        }
    }

    @Override
    protected void doBind(SocketAddress local) throws IOException {
        socket.setReuseAddress(true);
        setup.apply(socket, true);
        socket.bind(local);
        socket.listen(backlog);
        listening = true;
        hear();
    }

    private void hear() throws IOException {
        // What is accepted inherits it: no call for each connection.
        socket.setTcpNoDelay(true);
        Future<IoRegistration> registered = ((IoEventLoop) eventLoop()).register(new Ear());
        if (!registered.isSuccess()) {
            throw new IOException("not registered with its loop", registered.cause());
        }
        IoRegistration current = registered.getNow();
        registration = current;
        current.submit(CONNECTIONS);
    }

    private boolean wants() {
        return !closed && (readPending || config.isAutoRead());
    }

    private void acceptNow() {
        int letIn = 0;
        try {
            for (int accepted = 0; acceptable && accepted < MOST_ACCEPTS && wants(); accepted++) {
                int descriptor = socket.accept(from);
                acceptable = descriptor >= 0;
                if (acceptable && isLetIn(new Socket(descriptor))) {
                    letIn++;
                }
            }
        } catch (IOException exhausted) {
            // Without a descriptor left: auto-read rests for a second, and asks again.
            pipeline().fireExceptionCaught(exhausted);
        }
        if (letIn > 0 && !closed) {
            pipeline().fireChannelReadComplete();
        }
        if (acceptable && wants()) {
            again();
        }
    }

    private boolean isLetIn(Socket accepted) throws IOException {
        InetSocketAddress peer = NativeInetAddress.address(from, 1, from[0]);
        if (unwelcome.test(peer.getAddress())) {
            // By a reset, which is one packet and leaves nothing in TIME-WAIT.
            try {
                accepted.setSoLinger(0);
            } finally {
                accepted.close();
            }
            return false;
        }
        readPending = false;
        pipeline().fireChannelRead(new TcpChannel(this, accepted, peer));
        return true;
    }

    private void again() {
        SteadyEpoll loop = epoll;
        if (!againScheduled && loop != null) {
            againScheduled = true;
            loop.again(() -> {
                againScheduled = false;
                if (!closed) {
                    acceptNow();
                }
            });
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (acceptable) {
            again();
        }
    }

    @Override
    protected void doClose() throws IOException {
        closed = true;
        // At once: whoever closes it may want its port.
        socket.close();
        IoRegistration current = registration;
        if (current != null) {
            current.cancel();
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isCompatible(EpollIoHandle.class);
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return listening ? socket.localAddress() : null;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return listening && !closed;
    }

    private final class Ear implements SteadyEpoll.Handle {
        @Override
        public void registeredWith(SteadyEpoll now) {
            epoll = now;
        }

        @Override
        public FileDescriptor fd() {
            return socket;
        }

        @Override
        public void handle(IoRegistration place, IoEvent event) {
            acceptable = true;
            try {
                if (wants()) {
                    acceptNow();
                }
            } catch (RuntimeException | OutOfMemoryError e) {
                // Not the loop's affair, whose other sockets wait for their events. Auto-read rests for a second.
                pipeline().fireExceptionCaught(e);
            }
        }

        @Override
        public void close() {
            unsafe().close(voidPromise());
        }
    }
}
