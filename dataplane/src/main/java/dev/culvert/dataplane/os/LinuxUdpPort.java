package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.dataplane.tunnel.ArrivalRules;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.dataplane.tunnel.Unsendable;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A [UdpPort] on Linux: many datagrams a system call, by recvmmsg and sendmmsg, with receive offload (UDP_GRO) and
/// segmentation offload (UDP_SEGMENT).
///
/// An own file descriptor on Netty's epoll loop. Segmentation switches itself off at the first refusal of the path.
public final class LinuxUdpPort implements UdpPort {
    // A burst of one bandwidth-delay product must wait in the kernel while the loop is busy elsewhere.
    private static final int SOCKET_BUFFER = 7 << 20;

    private final int fd;
    private final Arena arena;
    private final MemorySegment errno;
    private final SendBatch sends;
    private final ReceiveBatch receives;
    private final InetSocketAddress local;
    private @Nullable EpollWatch watch;
    private boolean closed;

    private LinuxUdpPort(int fd, int family, Arena arena, MemorySegment errno) {
        this.fd = fd;
        this.arena = arena;
        this.errno = errno;
        SocketAddresses addresses = new SocketAddresses(family);
        this.sends = new SendBatch(fd, family, arena, errno, addresses);
        this.receives = new ReceiveBatch(fd, arena, errno, addresses);
        MemorySegment name = arena.allocate(SocketAddresses.SIZE, 8);
        MemorySegment length = arena.allocateFrom(JAVA_INT, SocketAddresses.SIZE);
        Libc.getsockname(errno, fd, name, length);
        this.local = addresses.read(name, 0);
        option(errno, arena, fd, Libc.IPPROTO_IP, Libc.IP_RECVTOS, 1);
        if (family == Libc.AF_INET6) {
            option(errno, arena, fd, Libc.IPPROTO_IPV6, Libc.IPV6_RECVTCLASS, 1);
        }
        if (local.getAddress().isAnyLocalAddress()) {
            // An answer leaves from the address that was asked.
            if (family == Libc.AF_INET6) {
                option(errno, arena, fd, Libc.IPPROTO_IPV6, Libc.IPV6_RECVPKTINFO, 1);
            } else {
                option(errno, arena, fd, Libc.IPPROTO_IP, Libc.IP_PKTINFO, 1);
            }
        }
    }

    /// Binds the port; a wildcard address takes IPv4 and IPv6 where the host has both.
    ///
    /// @throws BindException if the address is taken or not allowed
    public static LinuxUdpPort bind(InetSocketAddress address) throws IOException {
        boolean any = address.getAddress().isAnyLocalAddress();
        boolean four = address.getAddress() instanceof Inet4Address;
        if (any) {
            try {
                return bind(address, Libc.AF_INET6);
            } catch (BindException e) {
                throw e;
            } catch (IOException noIpv6) {
                return bind(address, Libc.AF_INET);
            }
        }
        return bind(address, four ? Libc.AF_INET : Libc.AF_INET6);
    }

    private static LinuxUdpPort bind(InetSocketAddress address, int family) throws IOException {
        Arena arena = Arena.ofShared();
        MemorySegment errno = arena.allocate(Libc.stateLayout());
        int fd = Libc.socket(errno, family, Libc.SOCK_DGRAM_NONBLOCK_CLOEXEC);
        if (fd < 0) {
            int error = Libc.errno(errno);
            arena.close();
            throw new IOException("no UDP socket of family " + family + ": errno " + error);
        }
        option(errno, arena, fd, Libc.SOL_SOCKET, Libc.SO_RCVBUF, SOCKET_BUFFER);
        option(errno, arena, fd, Libc.SOL_SOCKET, Libc.SO_SNDBUF, SOCKET_BUFFER);
        // Beyond the system's limit where this process may.
        option(errno, arena, fd, Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, SOCKET_BUFFER);
        option(errno, arena, fd, Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, SOCKET_BUFFER);
        option(errno, arena, fd, Libc.SOL_UDP, Libc.UDP_GRO, 1);
        // Never a fragment, and the path's MTU as our own probes find it: what ICMP claims anyone can forge,
        // and once the kernel believes it, it refuses segmentation (docs/wireguard.md, "Size of the outer
        // packets").
        option(errno, arena, fd, Libc.IPPROTO_IP, Libc.IP_MTU_DISCOVER, Libc.PMTUDISC_PROBE);
        if (family == Libc.AF_INET6) {
            option(errno, arena, fd, Libc.IPPROTO_IPV6, Libc.IPV6_MTU_DISCOVER, Libc.PMTUDISC_PROBE);
        }
        MemorySegment name = arena.allocate(SocketAddresses.SIZE, 8);
        int length;
        if (family == Libc.AF_INET6) {
            boolean any = address.getAddress().isAnyLocalAddress();
            option(errno, arena, fd, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, any ? 0 : 1);
            length = any ? writeAny6(name, address.getPort()) : new SocketAddresses(family).write(address, name, 0);
        } else {
            length = new SocketAddresses(family).write(address, name, 0);
        }
        if (Libc.bind(errno, fd, name, length) < 0) {
            int error = Libc.errno(errno);
            Libc.close(errno, fd);
            arena.close();
            throw bindFailure(address, error);
        }
        return new LinuxUdpPort(fd, family, arena, errno);
    }

    /// The same, with a mark on what it sends, by which routes and rules of this machine tell it from other traffic.
    ///
    /// @param mark 0 for none
    /// @throws IOException if this process may not set it
    public static LinuxUdpPort bindMarked(InetSocketAddress address, int mark) throws IOException {
        LinuxUdpPort port = bind(address);
        if (mark != 0) {
            MemorySegment value = port.arena.allocateFrom(JAVA_INT, mark);
            if (Libc.setsockopt(port.errno, port.fd, Libc.SOL_SOCKET, Libc.SO_MARK, value, Integer.BYTES) < 0) {
                port.close();
                throw new IOException("mark " + mark + " is not allowed: it needs CAP_NET_ADMIN");
            }
        }
        return port;
    }

    /// Takes over a bound port that another process had.
    ///
    /// @param fd belongs to the port from now on
    /// @throws IOException if it is no UDP socket with an address; it is closed then
    public static LinuxUdpPort adopt(int fd) throws IOException {
        Arena arena = Arena.ofShared();
        MemorySegment errno = arena.allocate(Libc.stateLayout());
        MemorySegment name = arena.allocate(SocketAddresses.SIZE, 8);
        MemorySegment length = arena.allocateFrom(JAVA_INT, SocketAddresses.SIZE);
        int family = Libc.getsockname(errno, fd, name, length) < 0 ? -1 : name.get(JAVA_SHORT, 0);
        if (family != Libc.AF_INET && family != Libc.AF_INET6) {
            Libc.close(errno, fd);
            arena.close();
            throw new IOException("what was handed over as the tunnel's UDP port is none");
        }
        return new LinuxUdpPort(fd, family, arena, errno);
    }

    private static int writeAny6(MemorySegment name, int port) throws IOException {
        byte[] any = new byte[16];
        return new SocketAddresses(Libc.AF_INET6)
                .write(new InetSocketAddress(java.net.Inet6Address.getByAddress(null, any, 0), port), name, 0);
    }

    private static IOException bindFailure(InetSocketAddress address, int error) {
        return switch (error) {
            case Libc.EADDRINUSE -> new BindException("UDP " + address + " is already in use");
            case Libc.EACCES -> new BindException("UDP " + address + " is not allowed for this user");
            default -> new IOException("UDP " + address + " cannot be bound: errno " + error);
        };
    }

    private static void option(MemorySegment errno, Arena arena, int fd, int level, int name, int value) {
        // Options are wishes: an older kernel without one of them still carries datagrams.
        Libc.setsockopt(errno, fd, level, name, arena.allocateFrom(JAVA_INT, value), Integer.BYTES);
    }

    @Override
    public void filter(ArrivalRules rules) {
        if (!closed) {
            try (Arena brief = Arena.ofConfined()) {
                MemorySegment program = SocketFilter.of(rules, brief);
                int size = (int) program.byteSize();
                Libc.setsockopt(errno, fd, Libc.SOL_SOCKET, Libc.SO_ATTACH_FILTER, program, size);
            }
        }
    }

    @Override
    public long kernelDrops() {
        if (closed) {
            return 0;
        }
        try (Arena brief = Arena.ofConfined()) {
            MemorySegment words = brief.allocate(Libc.MEMINFO_BYTES, 4);
            MemorySegment length = brief.allocateFrom(JAVA_INT, Libc.MEMINFO_BYTES);
            boolean known = Libc.getsockopt(errno, fd, Libc.SOL_SOCKET, Libc.SO_MEMINFO, words, length) == 0
                    && length.get(JAVA_INT, 0) >= Libc.MEMINFO_BYTES;
            return known ? Integer.toUnsignedLong(words.get(JAVA_INT, Libc.MEMINFO_DROPS)) : 0;
        }
    }

    @Override
    public void register(IoEventLoop loop, Runnable readable, Runnable writable) {
        watch = EpollWatch.on(loop, fd, EpollIoOps.EPOLLIN, ops -> ready(ops, readable, writable), this::close);
    }

    private void ready(EpollIoOps ops, Runnable readable, Runnable writable) {
        if (ops.contains(EpollIoOps.EPOLLOUT)) {
            ask(EpollIoOps.EPOLLIN);
            if (sends.flush()) {
                writable.run();
            } else {
                awaitWritable();
            }
        }
        if (!closed && (ops.contains(EpollIoOps.EPOLLIN) || ops.contains(EpollIoOps.EPOLLERR))) {
            readable.run();
        }
    }

    @Override
    public int receive(Receiver receiver, int max) {
        return closed ? 0 : receives.receive(receiver, max);
    }

    @Override
    public boolean send(ByteBuffer datagram, InetSocketAddress to, int trafficClass) {
        if (closed || sends.add(datagram, to, trafficClass)) {
            return true;
        }
        awaitWritable();
        return false;
    }

    @Override
    public void flush() {
        if (!closed && !sends.flush()) {
            awaitWritable();
        }
    }

    private void awaitWritable() {
        ask(EpollIoOps.valueOf(EpollIoOps.EPOLLIN.value() | EpollIoOps.EPOLLOUT.value()));
    }

    private void ask(EpollIoOps ops) {
        EpollWatch current = watch;
        if (current != null) {
            current.ask(ops);
        }
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public int descriptor() {
        return fd;
    }

    @Override
    public void unregister() {
        EpollWatch current = watch;
        watch = null;
        if (current != null) {
            current.cancel();
        }
    }

    @Override
    public long sendErrors() {
        return sends.errors();
    }

    @Override
    public Unsendable unsendable() {
        return sends.unsendable();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        unregister();
        Libc.close(errno, fd);
        arena.close();
    }
}
