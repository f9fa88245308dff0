package dev.culvert.dataplane.os;

import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.netstack.UdpEndpoint;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One UDP socket of the kernel, on the loop of its [LinuxDatagrams].
final class LinuxDatagramPort implements DatagramPort, EpollIoHandle {
    // So many datagrams are taken before other work of the loop has its turn.
    private static final int BATCH = 128;
    private static final int MAX_PAYLOAD = 65000;
    private static final EpollIoOps NOTHING = EpollIoOps.valueOf(0);

    private final LinuxDatagrams kernel;
    private final int fd;
    private final FileDescriptor descriptor;
    private final int family;
    private final boolean choosesLocal;
    private final int port;
    private final long localHigh;
    private final long localLow;
    private final Receiver receiver;
    private @Nullable IoRegistration registration;
    private boolean reading = true;
    private boolean closed;
    private boolean transparent;

    /// @param family that far addresses are written in; 0 for a connected socket
    /// @param choosesLocal whether each datagram says from which of our addresses it leaves
    LinuxDatagramPort(
            LinuxDatagrams kernel,
            int fd,
            int family,
            boolean choosesLocal,
            InetSocketAddress local,
            Receiver receiver) {
        this.kernel = kernel;
        this.fd = fd;
        this.descriptor = new FileDescriptor(fd);
        this.family = family;
        this.choosesLocal = choosesLocal;
        this.port = local.getPort();
        this.localHigh = AddressWords.high(local.getAddress());
        this.localLow = AddressWords.low(local.getAddress());
        this.receiver = receiver;
    }

    /// It speaks for a visitor.
    LinuxDatagramPort transparent() {
        transparent = true;
        return this;
    }

    LinuxDatagramPort register() {
        kernel.loop().register(this).addListener(done -> {
            if (done.isSuccess()) {
                registration = (IoRegistration) done.getNow();
                read(reading);
            }
        });
        return this;
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    public void handle(IoRegistration current, IoEvent event) {
        if (!closed && reading) {
            kernel.receive(this, BATCH);
        }
    }

    @Override
    public boolean send(ByteBuffer payload, UdpEndpoint ends) {
        return !closed && kernel.send(this, payload, ends);
    }

    @Override
    public int maxPayload(UdpEndpoint ends) {
        return MAX_PAYLOAD;
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void read(boolean wanted) {
        reading = wanted;
        IoRegistration current = registration;
        if (current != null) {
            current.submit(wanted ? EpollIoOps.EPOLLIN : NOTHING);
        }
    }

    @Override
    public int descriptor() {
        return fd;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        kernel.closing(this);
        closed = true;
        if (transparent) {
            kernel.ending(fd);
        }
        IoRegistration current = registration;
        if (current != null) {
            current.cancel();
        }
        kernel.close(fd);
    }

    boolean isOpen() {
        return !closed;
    }

    int family() {
        return family;
    }

    boolean choosesLocal() {
        return choosesLocal;
    }

    long localHigh() {
        return localHigh;
    }

    long localLow() {
        return localLow;
    }

    Receiver receiver() {
        return receiver;
    }
}
