package dev.culvert.client;

import dev.culvert.proto.netstack.UdpEndpoint;
import dev.culvert.proto.netstack.UdpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A UDP port inside the tunnel. Its queues hold 256 KiB each way; what comes beyond that is lost, as UDP permits.
public final class TunnelDatagrams implements AutoCloseable {
    private final PacketLoop loop;
    private final PacketLoop.Event event;
    private final UdpSocket udp;
    private final UdpEndpoint sender = new UdpEndpoint();
    private boolean closed;

    private TunnelDatagrams(PacketLoop loop, UdpSocket udp) {
        this.loop = loop;
        this.udp = udp;
        this.event = loop.event();
        udp.attach(event);
    }

    static TunnelDatagrams bind(PacketLoop loop, int port) throws IOException {
        loop.lock();
        try {
            loop.requireRunning();
            TunnelDatagrams datagrams = new TunnelDatagrams(loop, loop.bindUdp(port));
            loop.opened(datagrams);
            return datagrams;
        } finally {
            loop.unlock();
        }
    }

    /// Queues one datagram, from position to limit.
    ///
    /// @throws java.net.NoRouteToHostException if no peer's allowed IPs hold the address
    /// @throws IOException if it is larger than one packet carries, or the queue is full
    public void send(ByteBuffer payload, InetSocketAddress to) throws IOException {
        loop.lock();
        try {
            requireOpen();
            loop.requireRoute(to.getAddress());
            int length = payload.remaining();
            if (!udp.send(payload, to)) {
                throw new IOException("datagram of " + length + " bytes to " + to
                        + ": too large for the tunnel, no own address of that family, or the queue is full");
            }
            loop.wake();
        } finally {
            loop.unlock();
        }
    }

    /// Takes one datagram, and writes it from the target's position on; what it has no room for is lost.
    ///
    /// @param timeout null for as long as it takes
    /// @return who sent it
    /// @throws SocketTimeoutException if there was none in time
    public InetSocketAddress receive(ByteBuffer target, @Nullable Duration timeout) throws IOException {
        int millis = timeout == null ? 0 : Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE);
        loop.lock();
        try {
            PacketLoop.Wait wait = loop.waitFor(event, millis);
            while (true) {
                requireOpen();
                if (udp.receive(target, sender)) {
                    return sender.remote();
                }
                if (!wait.once()) {
                    throw new SocketTimeoutException("Receive timed out");
                }
            }
        } finally {
            loop.unlock();
        }
    }

    /// The port inside the tunnel.
    public int port() {
        return udp.port();
    }

    @Override
    public void close() {
        loop.lock();
        try {
            end();
        } finally {
            loop.unlock();
        }
    }

    void end() {
        if (!closed) {
            closed = true;
            udp.close();
            loop.closed(this);
            event.signal();
        }
    }

    private void requireOpen() throws IOException {
        loop.requireRunning();
        if (closed) {
            throw new SocketException("Socket closed");
        }
    }
}
