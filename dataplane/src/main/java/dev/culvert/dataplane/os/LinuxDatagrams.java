package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.netstack.UdpEndpoint;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The kernel's UDP sockets on one loop, many of which share the memory of their batches: thousands of ports cost
/// little more than their descriptors. What one pass of the loop sends leaves together (sendmmsg, UDP_SEGMENT).
public final class LinuxDatagrams implements DatagramPorts {
    private static final int RECEIVED = 8;
    // Of one turn. A datagram of a flow that is known takes a microsecond, but one that begins a flow a hundred.
    private static final long TURN_NANOS = 1_000_000;
    private static final int SENT = 16;
    private static final int RECEIVE_BUFFER = 2 << 20;
    // UDP_MAX_SEGMENTS of older kernels, and what fits into one UDP length with its header.
    private static final int MAX_SEGMENTS = 64;
    private static final int MAX_LENGTH = 65000;

    private final IoEventLoop loop;
    // For the life of the process, as its loop is.
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment errno = arena.allocate(Libc.stateLayout());
    private final MemorySegment name = arena.allocate(SocketAddresses.SIZE, 8);
    private final MemorySegment word = arena.allocate(JAVA_INT);
    private final DatagramBatch in = new DatagramBatch(arena, RECEIVED);
    private final DatagramBatch out = new DatagramBatch(arena, SENT);
    private final byte[] heap = new byte[Messages.BUFFER_SIZE];
    private final ByteBuffer datagram = ByteBuffer.wrap(heap);
    private final UdpEndpoint ends = new UdpEndpoint();
    private final Runnable scheduledFlush = this::scheduledFlush;
    // What waits to be sent, all through one socket.
    private final List<UdpEndpoint> destinations = new ArrayList<>();
    private final int[] lengths = new int[SENT];
    private final int[] sizes = new int[SENT];
    private final int[] segments = new int[SENT];
    private @Nullable LinuxDatagramPort sender;
    private int used;
    private boolean open;
    private boolean flushScheduled;
    private boolean offload = true;
    private boolean receiving;

    public LinuxDatagrams(IoEventLoop loop) {
        this.loop = loop;
        for (int i = 0; i < SENT; i++) {
            destinations.add(new UdpEndpoint());
        }
    }

    @Override
    public DatagramPort bind(@Nullable InetAddress address, int port, boolean shared, DatagramPort.Receiver receiver)
            throws IOException {
        if (address == null) {
            try {
                return bind(new InetSocketAddress(port), Libc.AF_INET6, shared, receiver);
            } catch (BindException e) {
                throw e;
            } catch (IOException noIpv6) {
                return bind(new InetSocketAddress(port), Libc.AF_INET, shared, receiver);
            }
        }
        int family = address.getAddress().length == 4 ? Libc.AF_INET : Libc.AF_INET6;
        return bind(new InetSocketAddress(address, port), family, shared, receiver);
    }

    private DatagramPort bind(InetSocketAddress address, int family, boolean shared, DatagramPort.Receiver receiver)
            throws IOException {
        int fd = socket(family);
        if (shared) {
            option(fd, Libc.SOL_SOCKET, Libc.SO_REUSEPORT, 1);
        }
        // A burst of all visitors must wait in the kernel while the loop is busy elsewhere.
        option(fd, Libc.SOL_SOCKET, Libc.SO_RCVBUF, RECEIVE_BUFFER);
        boolean any = address.getAddress().isAnyLocalAddress();
        if (family == Libc.AF_INET6) {
            option(fd, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, any ? 0 : 1);
        }
        if (Libc.bind(errno, fd, name, write(address, family)) < 0) {
            int error = Libc.errno(errno);
            Libc.close(errno, fd);
            throw failure("UDP port " + address.getPort(), error);
        }
        return opened(fd, family, receiver);
    }

    @Override
    public DatagramPort connect(InetSocketAddress remote, DatagramPort.Receiver receiver) throws IOException {
        int family = remote.getAddress().getAddress().length == 4 ? Libc.AF_INET : Libc.AF_INET6;
        int fd = socket(family);
        if (Libc.connect(errno, fd, name, write(remote, family)) < 0) {
            int error = Libc.errno(errno);
            Libc.close(errno, fd);
            throw failure("UDP to " + remote, error);
        }
        return new LinuxDatagramPort(this, fd, 0, false, local(fd), receiver).register();
    }

    @Override
    public DatagramPort connectFrom(InetSocketAddress from, InetSocketAddress remote, DatagramPort.Receiver receiver)
            throws IOException {
        int family = remote.getAddress().getAddress().length == 4 ? Libc.AF_INET : Libc.AF_INET6;
        int fd = socket(family);
        boolean transparent = family == Libc.AF_INET
                ? option(fd, Libc.IPPROTO_IP, Libc.IP_TRANSPARENT, 1)
                : option(fd, Libc.IPPROTO_IPV6, Libc.IPV6_TRANSPARENT, 1);
        boolean marked = option(fd, Libc.SOL_SOCKET, Libc.SO_MARK, LinuxReturnPath.LIVE);
        // Two sockets of one address and port would get each other's datagrams.
        boolean open = transparent
                && marked
                && (Libc.bind(errno, fd, name, write(from, family)) == 0
                        || Libc.bind(errno, fd, name, write(new InetSocketAddress(from.getAddress(), 0), family)) == 0)
                && Libc.connect(errno, fd, name, write(remote, family)) == 0;
        if (!open) {
            int error = Libc.errno(errno);
            Libc.close(errno, fd);
            throw failure("UDP from " + from + " to " + remote, error);
        }
        return new LinuxDatagramPort(this, fd, 0, false, local(fd), receiver)
                .transparent()
                .register();
    }

    @Override
    public DatagramPort adopt(int fd, DatagramPort.Receiver receiver) throws IOException {
        word.set(JAVA_INT, 0, SocketAddresses.SIZE);
        int family = Libc.getsockname(errno, fd, name, word) < 0 ? -1 : name.get(JAVA_SHORT, 0);
        if (family != Libc.AF_INET && family != Libc.AF_INET6) {
            Libc.close(errno, fd);
            throw new IOException("what was handed over as a UDP port is none");
        }
        return opened(fd, family, receiver);
    }

    private DatagramPort opened(int fd, int family, DatagramPort.Receiver receiver) {
        option(fd, Libc.SOL_UDP, Libc.UDP_GRO, 1);
        InetSocketAddress local = local(fd);
        boolean any = local.getAddress().isAnyLocalAddress();
        if (any) {
            // An answer leaves from the address that was asked, or the visitor does not take it for one.
            option(fd, Libc.IPPROTO_IP, Libc.IP_PKTINFO, 1);
            option(fd, Libc.IPPROTO_IPV6, Libc.IPV6_RECVPKTINFO, 1);
        }
        return new LinuxDatagramPort(this, fd, family, any, local, receiver).register();
    }

    private int socket(int family) throws IOException {
        int fd = Libc.socket(errno, family, Libc.SOCK_DGRAM_NONBLOCK_CLOEXEC);
        if (fd < 0) {
            throw failure("a UDP socket", Libc.errno(errno));
        }
        return fd;
    }

    /// Mostly a wish: an older kernel without the option still carries datagrams.
    private boolean option(int fd, int level, int option, int value) {
        word.set(JAVA_INT, 0, value);
        return Libc.setsockopt(errno, fd, level, option, word, Integer.BYTES) == 0;
    }

    /// Lets the way back of a socket that speaks for a visitor end soon: a datagram that goes nowhere says so.
    void ending(int fd) {
        option(fd, Libc.SOL_SOCKET, Libc.SO_MARK, LinuxReturnPath.ENDING);
        UnixCalls.sendto(errno, fd, MemorySegment.ofAddress(name.address()), MemorySegment.NULL, 0);
    }

    private int write(InetSocketAddress address, int family) {
        if (family == Libc.AF_INET6 && address.getAddress().isAnyLocalAddress()) {
            name.fill((byte) 0);
            name.set(JAVA_SHORT, 0, (short) family);
            name.set(JAVA_BYTE, 2, (byte) (address.getPort() >>> 8));
            name.set(JAVA_BYTE, 3, (byte) address.getPort());
            return SocketAddresses.SIZE;
        }
        return new SocketAddresses(family).write(address, name, 0);
    }

    private InetSocketAddress local(int fd) {
        word.set(JAVA_INT, 0, SocketAddresses.SIZE);
        Libc.getsockname(errno, fd, name, word);
        return new SocketAddresses(Libc.AF_INET6).read(name, 0);
    }

    private static IOException failure(String what, int error) {
        return switch (error) {
            case Libc.EADDRINUSE -> new BindException(what + " is already in use");
            case Libc.EACCES -> new BindException(what + " is not allowed: Permission denied");
            case Libc.EMFILE ->
                new IOException(
                        what + ": this process has as many open files as it may; raise LimitNOFILE= of the unit");
            default -> new IOException(what + " cannot be opened: errno " + error);
        };
    }

    IoEventLoop loop() {
        return loop;
    }

    void close(int fd) {
        Libc.close(errno, fd);
    }

    /// Takes what waits at a socket; at most about as many as one turn of the loop should serve.
    void receive(LinuxDatagramPort port, int max) {
        // Whoever closes a port or opens one within does not read another one's datagrams.
        if (receiving) {
            return;
        }
        receiving = true;
        long began = System.nanoTime();
        try {
            for (int taken = 0; taken < max && System.nanoTime() - began < TURN_NANOS; ) {
                int count = take(port);
                if (count < RECEIVED) {
                    return;
                }
                taken += count;
            }
        } finally {
            receiving = false;
        }
    }

    private int take(LinuxDatagramPort port) {
        for (int i = 0; i < RECEIVED; i++) {
            in.messages.clear(i);
        }
        int count = Libc.recvmmsg(errno, port.descriptor(), in.messages.from(0), RECEIVED);
        if (count < 0) {
            boolean refused = Libc.errno(errno) == Libc.ECONNREFUSED;
            if (refused) {
                port.receiver().refused();
            }
            return 0;
        }
        for (int i = 0; i < count && port.isOpen(); i++) {
            int length = in.messages.received(i);
            int size = in.read(i, ends, port.localHigh(), port.localLow());
            MemorySegment.copy(in.messages.buffers(), JAVA_BYTE, in.messages.buffer(i), heap, 0, length);
            int at = 0;
            do {
                datagram.clear().position(at).limit(Math.min(length, at + size));
                port.receiver().datagram(datagram, ends);
                at += size;
            } while (at < length);
        }
        return count;
    }

    boolean send(LinuxDatagramPort port, ByteBuffer payload, UdpEndpoint to) {
        int length = payload.remaining();
        if (length > MAX_LENGTH) {
            return false;
        }
        if (port != sender) {
            flush();
            sender = port;
        }
        if (!joins(length, to)) {
            if (used == SENT) {
                flush();
                sender = port;
            }
            destinations.get(used).set(to);
            lengths[used] = 0;
            segments[used] = 0;
            sizes[used] = length;
            used++;
        }
        int last = used - 1;
        MemorySegment.copy(
                payload.array(),
                payload.arrayOffset() + payload.position(),
                out.messages.buffers(),
                JAVA_BYTE,
                out.messages.buffer(last) + lengths[last],
                length);
        lengths[last] += length;
        segments[last]++;
        // A shorter datagram ends the message: only the last segment may be short.
        open = length == sizes[last] && length > 0;
        if (!flushScheduled) {
            flushScheduled = true;
            loop.execute(scheduledFlush);
        }
        return true;
    }

    private boolean joins(int length, UdpEndpoint to) {
        int last = used - 1;
        return open
                && offload
                && used > 0
                && length > 0
                && length <= sizes[last]
                && segments[last] < MAX_SEGMENTS
                && lengths[last] + length <= MAX_LENGTH
                && destinations.get(last).equalsEnds(to);
    }

    private void scheduledFlush() {
        flushScheduled = false;
        flush();
    }

    /// Hands over what was gathered. What the kernel does not take now is lost: it would be late.
    private void flush() {
        LinuxDatagramPort port = sender;
        sender = null;
        int count = used;
        used = 0;
        open = false;
        if (port == null || !port.isOpen()) {
            return;
        }
        for (int i = 0; i < count; i++) {
            int segment = segments[i] > 1 ? sizes[i] : 0;
            out.prepare(i, port.family(), destinations.get(i), port.choosesLocal(), lengths[i], segment);
        }
        for (int first = 0; first < count; ) {
            int sent = Libc.sendmmsg(errno, port.descriptor(), out.messages.from(first), count - first);
            if (sent > 0) {
                first += sent;
                continue;
            }
            int error = Libc.errno(errno);
            if (error == Libc.EINTR) {
                continue;
            }
            if (error == Libc.EAGAIN) {
                return;
            }
            if (segments[first] > 1 && (error == Libc.EIO || error == Libc.EINVAL)) {
                offload = false;
                sendSingly(port, first);
            }
            first++;
        }
    }

    /// This path takes no joined datagrams: they leave one by one from now on.
    private void sendSingly(LinuxDatagramPort port, int index) {
        long start = out.messages.buffer(index);
        for (int at = 0; at < lengths[index]; at += sizes[index]) {
            int part = Math.min(sizes[index], lengths[index] - at);
            MemorySegment.copy(out.messages.buffers(), start + at, out.messages.buffers(), start, part);
            out.prepare(index, port.family(), destinations.get(index), port.choosesLocal(), part, 0);
            Libc.sendmmsg(errno, port.descriptor(), out.messages.from(index), 1);
        }
    }

    /// What a closed port had gathered goes first.
    void closing(LinuxDatagramPort port) {
        if (port == sender) {
            flush();
        }
    }
}
