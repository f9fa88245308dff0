package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoEvent;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import org.jspecify.annotations.Nullable;

/// A [UdpPort] on the JDK's [DatagramChannel]: one system call a datagram, everywhere where there is a JDK. It neither
/// tells nor sets the traffic class of a datagram.
public final class NioUdpPort implements UdpPort {
    // 64 KiB holds every UDP datagram.
    private static final int MAX_DATAGRAM = 65536;

    // A burst of one bandwidth-delay product must wait in the kernel while the loop is busy elsewhere.
    private static final int SOCKET_BUFFER = 4 << 20;

    private final DatagramChannel channel;
    private final ByteBuffer received = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private final ByteBuffer datagram = ByteBuffer.allocate(MAX_DATAGRAM);
    private final ByteBuffer sending = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private @Nullable IoRegistration registration;
    private final Unsendable unsendable = new Unsendable();
    private long sendErrors;

    private NioUdpPort(DatagramChannel channel) {
        this.channel = channel;
    }

    /// Binds the port.
    ///
    /// @throws IOException if the address is taken or not allowed
    public static NioUdpPort bind(InetSocketAddress address) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER);
            channel.bind(address);
            return new NioUdpPort(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void register(IoEventLoop loop, Runnable readable, Runnable writable) throws IOException {
        Handle handle = new Handle(readable, writable);
        loop.register(handle).addListener(done -> {
            if (done.isSuccess()) {
                IoRegistration ready = (IoRegistration) done.getNow();
                registration = ready;
                ready.submit(NioIoOps.READ);
            }
        });
    }

    @Override
    public int receive(Receiver receiver, int max) {
        int taken = 0;
        while (taken < max) {
            SocketAddress from;
            received.clear();
            try {
                from = channel.receive(received);
            } catch (IOException e) {
                // An ICMP error of an earlier send surfaces here; the socket stays good.
                taken++;
                continue;
            }
            if (from == null) {
                break;
            }
            taken++;
            received.flip();
            datagram.clear();
            datagram.put(received).flip();
            receiver.datagram(datagram, (InetSocketAddress) from, 0);
            receiver.end();
        }
        return taken;
    }

    @Override
    public boolean send(ByteBuffer source, InetSocketAddress to, int trafficClass) {
        sending.clear();
        sending.put(source.duplicate()).flip();
        try {
            if (channel.send(sending, to) > 0) {
                return true;
            }
        } catch (IOException | RuntimeException e) {
            // RuntimeException: an unresolved address, or IPv6 where the host has none.
            sendErrors++;
            unsendable.count(to);
            return true;
        }
        IoRegistration current = registration;
        if (current != null) {
            current.submit(NioIoOps.READ_AND_WRITE);
        }
        return false;
    }

    @Override
    public void flush() {
        // Each datagram has left in its own call.
    }

    @Override
    public InetSocketAddress localAddress() {
        try {
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public long sendErrors() {
        return sendErrors;
    }

    @Override
    public Unsendable unsendable() {
        return unsendable;
    }

    @Override
    public void close() {
        IoRegistration current = registration;
        if (current != null) {
            current.cancel();
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Handle implements NioIoHandle {
        private final Runnable readable;
        private final Runnable writable;

        Handle(Runnable readable, Runnable writable) {
            this.readable = readable;
            this.writable = writable;
        }

        @Override
        public SelectableChannel selectableChannel() {
            return channel;
        }

        @Override
        public void handle(IoRegistration current, IoEvent event) {
            NioIoOps ops = ((NioIoEvent) event).ops();
            if (ops.contains(NioIoOps.WRITE)) {
                current.submit(NioIoOps.READ);
                writable.run();
            }
            if (ops.contains(NioIoOps.READ)) {
                readable.run();
            }
        }

        @Override
        public void close() {
            NioUdpPort.this.close();
        }
    }
}
