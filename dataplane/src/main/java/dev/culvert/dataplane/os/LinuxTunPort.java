package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.dataplane.tunnel.TunPort;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A [TunPort] on Linux: /dev/net/tun with offloads (IFF_VNET_HDR, TUNSETOFFLOAD), on Netty's epoll loop. The interface
/// is not persistent: it ends with the process, however that ends.
///
/// Numbers are of linux/if_tun.h and linux/if.h, the same on x86-64 and aarch64.
public final class LinuxTunPort implements TunPort {
    private static final String DEVICE = "/dev/net/tun";
    private static final int O_RDWR_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final int IFF_TUN_NO_PI_VNET_HDR = 0x1 | 0x1000 | 0x4000;
    // TUN_F_CSUM, TSO4, TSO6; and USO4, USO6, since Linux 6.2.
    private static final int OFFLOADS = 0x1 | 0x2 | 0x4;
    private static final int OFFLOADS_UDP = 0x20 | 0x40;
    // struct ifreq: the name, then a union of which the flags are the first two bytes.
    private static final int IFREQ = 40;
    private static final int NAME = 16;
    private static final int EBUSY = 16;

    private static final MethodHandle OPEN = Libc.function("open");
    private static final MethodHandle IOCTL = Libc.function("ioctl");
    private static final MethodHandle READ = Downcalls.transfer("read");
    private static final MethodHandle WRITE = Downcalls.transfer("write");

    private final Arena arena;
    private final MemorySegment errno;
    private final int fd;
    private final String name;
    private @Nullable EpollWatch watch;
    private boolean closed;
    private long writeErrors;

    private LinuxTunPort(Arena arena, MemorySegment errno, int fd, String name) {
        this.arena = arena;
        this.errno = errno;
        this.fd = fd;
        this.name = name;
    }

    /// Makes an interface, which is down.
    ///
    /// @param name at most 15 letters; `%d` in it is the next free number
    /// @throws IOException with the remedy
    public static LinuxTunPort open(String name) throws IOException {
        Arena arena = Arena.ofShared();
        MemorySegment errno = arena.allocate(Libc.stateLayout());
        int fd = (int)
                Downcalls.call(OPEN, errno, arena.allocateFrom(DEVICE).address(), O_RDWR_NONBLOCK_CLOEXEC, 0, 0, 0);
        try {
            if (fd < 0) {
                throw failure("cannot be opened", Libc.errno(errno));
            }
            MemorySegment request = arena.allocate(IFREQ, 8);
            byte[] letters = name.getBytes(StandardCharsets.US_ASCII);
            if (letters.length >= NAME) {
                throw new IOException("interface name " + name + " is too long (expected: at most 15 letters)");
            }
            MemorySegment.copy(letters, 0, request, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, letters.length);
            request.set(JAVA_SHORT, NAME, (short) IFF_TUN_NO_PI_VNET_HDR);
            if (Downcalls.call(IOCTL, errno, fd, TUNSETIFF, request.address(), 0, 0) < 0) {
                throw failure("makes no interface " + name, Libc.errno(errno));
            }
            if (Downcalls.call(IOCTL, errno, fd, TUNSETOFFLOAD, OFFLOADS | OFFLOADS_UDP, 0, 0) < 0) {
                Downcalls.call(IOCTL, errno, fd, TUNSETOFFLOAD, OFFLOADS, 0, 0);
            }
            return new LinuxTunPort(arena, errno, fd, request.getString(0));
        } catch (IOException e) {
            if (fd >= 0) {
                Libc.close(errno, fd);
            }
            arena.close();
            throw e;
        }
    }

    private static IOException failure(String what, int error) {
        return new IOException(
                switch (error) {
                    case Libc.EPERM, Libc.EACCES ->
                        DEVICE + " " + what + ": this process may not. It needs CAP_NET_ADMIN and that file; see"
                                + " docs/wireguard.md, or take tunnel: type: embedded";
                    case EBUSY -> DEVICE + " " + what + ": another process has it";
                    default -> DEVICE + " " + what + ": errno " + error + "; is the module tun loaded?";
                });
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void register(IoEventLoop loop, Runnable readable, Runnable gone) {
        // By edge: while UDP is full nobody reads, and the loop shall not be told so in every turn.
        EpollIoOps byEdge = EpollIoOps.valueOf(EpollIoOps.EPOLLIN.value() | EpollIoOps.EPOLLET.value());
        watch = EpollWatch.on(loop, fd, byEdge, ops -> ready(ops, readable, gone), this::close);
    }

    private void ready(EpollIoOps ops, Runnable readable, Runnable gone) {
        if (ops.contains(EpollIoOps.EPOLLERR)) {
            unregister();
            gone.run();
        } else {
            readable.run();
        }
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
    public int read(byte[] into) {
        long count = closed ? -1 : transfer(READ, MemorySegment.ofArray(into), into.length);
        return (int) Math.max(0, count);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        if (!closed && transfer(WRITE, MemorySegment.ofArray(bytes).asSlice(offset, length), length) < 0) {
            writeErrors++;
        }
    }

    private long transfer(MethodHandle call, MemorySegment bytes, long length) {
        try {
            return (long) call.invokeExact(errno, (long) fd, bytes, length);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    @Override
    public long writeErrors() {
        return writeErrors;
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
