package dev.culvert.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The UDP socket outside, and the selector that waits for it. Used by the loop's thread alone, but for [#wake].
final class DatagramPort {
    private static final int MAX_DATAGRAM = 65536;
    private static final int KERNEL_BUFFER = 4 << 20;
    private static final long MAX_WAIT_MILLIS = 60_000;

    private final DatagramChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private final ByteBuffer received = ByteBuffer.allocate(MAX_DATAGRAM);
    private final ByteBuffer outgoing = ByteBuffer.allocateDirect(MAX_DATAGRAM).limit(0);
    private @Nullable InetSocketAddress outgoingTo;
    private final AtomicBoolean awake = new AtomicBoolean();

    private DatagramPort(DatagramChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        this.selector = selector;
        this.key = channel.register(selector, SelectionKey.OP_READ);
    }

    static DatagramPort bind(int port) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, KERNEL_BUFFER);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, KERNEL_BUFFER);
            channel.bind(new InetSocketAddress(port));
            return new DatagramPort(channel, Selector.open());
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /// Waits for a datagram, for room to send where it was wanting, for [#wake], or until so many nanoseconds are
    /// over; 0 does not wait.
    void await(long nanos) throws IOException {
        long millis = nanos == 0 ? 0 : Math.min(nanos / 1_000_000 + 1, MAX_WAIT_MILLIS);
        if (millis == 0 || awake.get()) {
            selector.selectNow();
        } else {
            selector.select(millis);
        }
        awake.set(false);
        selector.selectedKeys().clear();
    }

    void wake() {
        if (!awake.getAndSet(true)) {
            selector.wakeup();
        }
    }

    /// Takes one datagram into [#received]; its sender, or null if there is none.
    @Nullable
    InetSocketAddress receive() {
        incoming.clear();
        SocketAddress from;
        try {
            from = channel.receive(incoming);
        } catch (IOException _) {
            // An ICMP error of an earlier send surfaces here; the socket stays good.
            return null;
        }
        if (from == null) {
            return null;
        }
        incoming.flip();
        received.clear().put(incoming).flip();
        return (InetSocketAddress) from;
    }

    ByteBuffer received() {
        return received;
    }

    /// Whether a datagram may be sent; one that found the socket full is tried again first.
    boolean isReady() {
        InetSocketAddress to = outgoingTo;
        if (to != null) {
            flush(to);
        }
        return outgoingTo == null;
    }

    /// Sends, or keeps what the socket has no room for now.
    void send(ByteBuffer datagram, InetSocketAddress to) {
        outgoing.clear().put(datagram).flip();
        flush(to);
    }

    private void flush(InetSocketAddress to) {
        boolean full = false;
        try {
            full = channel.send(outgoing, to) == 0;
        } catch (IOException | RuntimeException _) {
            // No route, or an address family this machine has not: lost, like any datagram; TCP sends again.
            full = false;
        }
        outgoingTo = full ? to : null;
        int wanted = full ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        if (key.interestOps() != wanted) {
            key.interestOps(wanted);
        }
    }

    int localPort() {
        return channel.socket().getLocalPort();
    }

    void close() {
        try {
            selector.close();
            channel.close();
        } catch (IOException _) {
            // Nothing is left to be done about a socket that does not close.
        }
    }
}
