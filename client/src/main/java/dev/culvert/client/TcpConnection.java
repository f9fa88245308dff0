package dev.culvert.client;

import dev.culvert.proto.netstack.CloseReason;
import dev.culvert.proto.netstack.TcpListener;
import dev.culvert.proto.netstack.TcpSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOptions;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What stands behind a [java.net.Socket] or [java.net.ServerSocket] of the tunnel. Its state is guarded by the
/// loop's lock; who must wait does so on [#event], which the loop signals when the stack says "ready".
final class TcpConnection extends SocketImpl {
    private static final long KEEPALIVE_NANOS = 60_000_000_000L;
    private static final InetAddress ANY = new InetSocketAddress(0).getAddress();

    private final PacketLoop loop;
    private final PacketLoop.Event event;
    private @Nullable TcpSocket tcp;
    private @Nullable TcpListener listener;
    private @Nullable InetAddress from;
    private int bound;
    private int timeoutMillis;
    private boolean keepAlive;
    private boolean inputShut;
    private boolean outputShut;
    private boolean closed;

    TcpConnection(PacketLoop loop) {
        this.loop = loop;
        this.event = loop.event();
    }

    @Override
    protected void create(boolean stream) {
        // The stack makes its socket at connect or listen.
    }

    @Override
    protected void connect(String host, int port) throws IOException {
        connect(new InetSocketAddress(host, port), 0);
    }

    @Override
    protected void connect(InetAddress address, int port) throws IOException {
        connect(new InetSocketAddress(address, port), 0);
    }

    @Override
    protected void connect(SocketAddress remote, int timeout) throws IOException {
        if (!(remote instanceof InetSocketAddress to)) {
            throw new IllegalArgumentException("remote: " + remote + " (expected: an internet address)");
        }
        if (to.isUnresolved()) {
            throw new UnknownHostException(to.getHostString());
        }
        loop.lock();
        try {
            TcpSocket begun = begin(to);
            PacketLoop.Wait wait = loop.waitFor(event, timeout);
            while (!begun.isConnected() && begun.failure() == null) {
                requireOpen();
                if (!wait.once()) {
                    throw new SocketTimeoutException("connect to " + to + " through the tunnel: " + loop.silence(to));
                }
            }
            if (begun.failure() != null && !begun.isConnected()) {
                throw connectFailure(to, begun.failure());
            }
        } finally {
            loop.unlock();
        }
    }

    private TcpSocket begin(InetSocketAddress to) throws IOException {
        requireOpen();
        loop.requireRoute(to.getAddress());
        TcpSocket begun;
        try {
            begun = loop.stack().connect(from, to, loop.now());
        } catch (IllegalArgumentException e) {
            throw new ConnectException(e.getMessage());
        }
        if (begun == null) {
            throw new NoRouteToHostException(
                    "the tunnel has no address of the family of " + to + ", or no room for one more connection");
        }
        attach(begun);
        loop.wake();
        return begun;
    }

    private void attach(TcpSocket socket) {
        tcp = socket;
        socket.attach(event);
        socket.keepAlive(keepAlive ? KEEPALIVE_NANOS : 0);
        loop.opened(this);
    }

    private static IOException connectFailure(InetSocketAddress to, @Nullable CloseReason reason) {
        if (reason == CloseReason.REFUSED) {
            return new ConnectException("Connection refused: " + to);
        }
        if (reason == CloseReason.UNREACHABLE) {
            return new NoRouteToHostException("Host unreachable: " + to);
        }
        return new ConnectException("Connection " + to + ": " + reason);
    }

    @Override
    protected void bind(InetAddress host, int port) throws IOException {
        loop.lock();
        try {
            if (!host.isAnyLocalAddress()) {
                if (!loop.addresses().contains(host)) {
                    throw new BindException(host.getHostAddress() + " (expected: one of " + loop.addresses() + ")");
                }
                from = host;
            }
            bound = port;
        } finally {
            loop.unlock();
        }
    }

    @Override
    protected void listen(int backlog) throws IOException {
        loop.lock();
        try {
            requireOpen();
            TcpListener begun = loop.listen(bound);
            begun.attach(event);
            listener = begun;
            bound = begun.port();
            loop.opened(this);
        } finally {
            loop.unlock();
        }
    }

    @Override
    protected void accept(SocketImpl accepted) throws IOException {
        if (!(accepted instanceof TcpConnection connection)) {
            throw new IOException("a socket of the tunnel is needed to accept one");
        }
        loop.lock();
        try {
            PacketLoop.Wait wait = loop.waitFor(event, timeoutMillis);
            while (true) {
                requireOpen();
                TcpListener listening = listener;
                TcpSocket next = listening == null ? null : listening.accept();
                if (next != null) {
                    connection.attach(next);
                    return;
                }
                if (!wait.once()) {
                    throw new SocketTimeoutException("Accept timed out");
                }
            }
        } finally {
            loop.unlock();
        }
    }

    private int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        loop.lock();
        try {
            PacketLoop.Wait wait = loop.waitFor(event, timeoutMillis);
            ByteBuffer into = ByteBuffer.wrap(target, offset, length);
            while (true) {
                requireOpen();
                if (inputShut) {
                    return -1;
                }
                int n = stands().read(into);
                if (n > 0) {
                    loop.wake();
                    return n;
                }
                if (n < 0) {
                    return endOfInput();
                }
                if (!wait.once()) {
                    throw new SocketTimeoutException("Read timed out");
                }
            }
        } finally {
            loop.unlock();
        }
    }

    private int endOfInput() throws IOException {
        CloseReason failure = stands().failure();
        if (failure != null) {
            throw broken(failure);
        }
        return -1;
    }

    private void write(byte[] source, int offset, int length) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(source, offset, length);
        loop.lock();
        try {
            PacketLoop.Wait wait = loop.waitFor(event, 0);
            while (from.hasRemaining()) {
                requireOpen();
                if (outputShut) {
                    throw new SocketException("Socket output is shutdown");
                }
                int n = stands().write(from);
                if (n < 0) {
                    throw broken(stands().failure());
                }
                if (n > 0) {
                    loop.wake();
                } else {
                    wait.once();
                }
            }
        } finally {
            loop.unlock();
        }
    }

    private static SocketException broken(@Nullable CloseReason reason) {
        return new SocketException(
                switch (reason) {
                    case RESET -> "Connection reset";
                    case TIMED_OUT -> "Connection timed out: the other end does not answer";
                    case null, default -> "Broken pipe: the connection is closed";
                });
    }

    @Override
    protected InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return TcpConnection.this.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return TcpConnection.this.read(target, offset, length);
            }

            @Override
            public int available() throws IOException {
                return TcpConnection.this.available();
            }
        };
    }

    @Override
    protected OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                TcpConnection.this.write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] source, int offset, int length) throws IOException {
                TcpConnection.this.write(source, offset, length);
            }
        };
    }

    @Override
    protected int available() throws IOException {
        loop.lock();
        try {
            requireOpen();
            return inputShut ? 0 : stands().readable();
        } finally {
            loop.unlock();
        }
    }

    @Override
    protected void shutdownInput() {
        loop.lock();
        try {
            inputShut = true;
            event.signal();
        } finally {
            loop.unlock();
        }
    }

    @Override
    protected void shutdownOutput() throws IOException {
        loop.lock();
        try {
            requireOpen();
            outputShut = true;
            stands().shutdownOutput();
            loop.wake();
        } finally {
            loop.unlock();
        }
    }

    @Override
    protected void close() {
        loop.lock();
        try {
            end(false);
        } finally {
            loop.unlock();
        }
    }

    /// Ends what stands; the stack goes on alone with what was written, unless `atOnce`.
    void end(boolean atOnce) {
        if (closed) {
            return;
        }
        closed = true;
        TcpSocket socket = tcp;
        if (socket != null) {
            if (atOnce) {
                socket.abort();
            } else {
                socket.close();
                loop.linger(socket);
            }
        }
        if (listener != null) {
            listener.close();
        }
        loop.closed(this);
        event.signal();
        loop.wake();
    }

    private TcpSocket stands() throws SocketException {
        TcpSocket socket = tcp;
        if (socket == null) {
            throw new SocketException("Socket is not connected");
        }
        return socket;
    }

    private void requireOpen() throws IOException {
        loop.requireRunning();
        if (closed) {
            throw new SocketException("Socket closed");
        }
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
        throw new SocketException("urgent data is not supported");
    }

    @Override
    protected InetAddress getInetAddress() {
        TcpSocket socket = tcp;
        return socket == null ? ANY : socket.remote().getAddress();
    }

    @Override
    protected int getPort() {
        TcpSocket socket = tcp;
        return socket == null ? 0 : socket.remote().getPort();
    }

    @Override
    protected int getLocalPort() {
        TcpSocket socket = tcp;
        return socket == null ? bound : socket.local().getPort();
    }

    /// What has no meaning here is taken and ignored, as libraries set it without asking.
    @Override
    public void setOption(int option, Object value) throws SocketException {
        loop.lock();
        try {
            switch (option) {
                case SocketOptions.SO_TIMEOUT -> timeoutMillis = (Integer) value;
                case SocketOptions.SO_KEEPALIVE -> {
                    keepAlive = Boolean.TRUE.equals(value);
                    if (tcp != null) {
                        tcp.keepAlive(keepAlive ? KEEPALIVE_NANOS : 0);
                        loop.wake();
                    }
                }
                case SocketOptions.TCP_NODELAY,
                        SocketOptions.SO_LINGER,
                        SocketOptions.SO_REUSEADDR,
                        SocketOptions.SO_REUSEPORT,
                        SocketOptions.SO_SNDBUF,
                        SocketOptions.SO_RCVBUF,
                        SocketOptions.IP_TOS -> {}
                default -> throw new SocketException("option " + option + " is not supported");
            }
        } finally {
            loop.unlock();
        }
    }

    @Override
    public Object getOption(int option) throws SocketException {
        return switch (option) {
            case SocketOptions.SO_TIMEOUT -> timeoutMillis;
            case SocketOptions.SO_KEEPALIVE -> keepAlive;
            case SocketOptions.TCP_NODELAY -> true;
            case SocketOptions.SO_LINGER -> -1;
            case SocketOptions.SO_REUSEADDR, SocketOptions.SO_REUSEPORT -> false;
            case SocketOptions.SO_SNDBUF, SocketOptions.SO_RCVBUF -> PacketLoop.SOCKET_BUFFER;
            case SocketOptions.IP_TOS -> 0;
            case SocketOptions.SO_BINDADDR -> localAddress();
            default -> throw new SocketException("option " + option + " is not supported");
        };
    }

    private InetAddress localAddress() {
        TcpSocket socket = tcp;
        if (socket != null) {
            return socket.local().getAddress();
        }
        InetAddress chosen = from;
        return chosen == null ? ANY : chosen;
    }
}
