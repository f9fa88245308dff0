package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.dataplane.tunnel.PacketPort;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// A socket of packets of one interface that has no header below IP (packet(7)). A filter in the kernel lets through
/// what peers send in datagrams and echo replies; what this machine sends does not come by. The kernel has these
/// packets as well, and its own rules drop the datagrams.
public final class LinuxPacketPort implements PacketPort {
    private static final int AF_PACKET = 17;
    private static final int SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    private static final int SOL_PACKET = 263;
    // Linux 4.20.
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int ETH_P_ALL = 0x0003;
    private static final int ETH_P_IP = 0x0800;
    private static final int ETH_P_IPV6 = 0x86dd;
    // struct sockaddr_ll: family, protocol (in the network's order), index, then what this interface has none of.
    private static final int ADDRESS = 20;
    private static final int LARGEST = 65_535;
    private static final int RECEIVE_BUFFER = 2 << 20;

    // struct sock_filter of linux/filter.h: code, jump if true, jump if false, operand.
    private static final int LOAD_BYTE = 0x30;
    private static final int LOAD_BYTE_BEHIND = 0x50;
    private static final int HEADER_LENGTH = 0xb1;
    private static final int SHIFT_RIGHT = 0x74;
    private static final int IF_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int[][] FILTER = {
        {LOAD_BYTE, 0, 0, 0},
        {SHIFT_RIGHT, 0, 0, 4},
        {IF_EQUAL, 1, 0, 4},
        {IF_EQUAL, 6, 12, 6},
        // IPv4: UDP, or ICMP of type 0.
        {LOAD_BYTE, 0, 0, 9},
        {IF_EQUAL, 9, 0, 17},
        {IF_EQUAL, 0, 9, 1},
        {HEADER_LENGTH, 0, 0, 0},
        {LOAD_BYTE_BEHIND, 0, 0, 0},
        {IF_EQUAL, 5, 6, 0},
        // IPv6: UDP, or ICMPv6 of type 129.
        {LOAD_BYTE, 0, 0, 6},
        {IF_EQUAL, 3, 0, 17},
        {IF_EQUAL, 0, 3, 58},
        {LOAD_BYTE, 0, 0, 40},
        {IF_EQUAL, 0, 1, 129},
        {RETURN, 0, 0, LARGEST},
        {RETURN, 0, 0, 0},
    };

    private static final MethodHandle SOCKET = Libc.function("socket");
    private static final MethodHandle RECV = Libc.function("recv");
    private static final MethodHandle IF_NAMETOINDEX = Libc.function("if_nametoindex");

    private final Arena arena = Arena.ofShared();
    private final MemorySegment errno = arena.allocate(Libc.stateLayout());
    private final MemorySegment received = arena.allocate(LARGEST);
    private final MemorySegment sent = arena.allocate(LARGEST);
    private final MemorySegment four;
    private final MemorySegment six;
    private final int fd;
    private @Nullable EpollWatch watch;
    private boolean closed;
    private long writeErrors;

    private LinuxPacketPort(String interfaceName) throws IOException {
        int index = (int) Downcalls.call(
                IF_NAMETOINDEX, errno, arena.allocateFrom(interfaceName).address(), 0, 0, 0, 0);
        four = address(ETH_P_IP, index);
        six = address(ETH_P_IPV6, index);
        // Of no protocol: it hears nothing before it is bound.
        fd = (int) Downcalls.call(SOCKET, errno, AF_PACKET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0, 0, 0);
        if (fd < 0) {
            int error = Libc.errno(errno);
            arena.close();
            throw new IOException("a socket of packets is refused: "
                    + (error == Libc.EPERM || error == Libc.EACCES
                            ? "this process needs CAP_NET_RAW as well; see docs/wireguard.md, or take tunnel: type:"
                                    + " tun or embedded"
                            : "errno " + error));
        }
        attachFilter();
        option(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
        option(Libc.SOL_SOCKET, Libc.SO_RCVBUF, RECEIVE_BUFFER);
        if (Libc.bind(errno, fd, address(ETH_P_ALL, index), ADDRESS) < 0) {
            int error = Libc.errno(errno);
            Libc.close(errno, fd);
            arena.close();
            throw new IOException("no packets of " + interfaceName + " can be had: errno " + error);
        }
    }

    /// @throws IOException with the remedy
    public static LinuxPacketPort open(String interfaceName) throws IOException {
        return new LinuxPacketPort(interfaceName);
    }

    private MemorySegment address(int protocol, int index) {
        MemorySegment address = arena.allocate(ADDRESS, 4);
        address.set(JAVA_SHORT, 0, (short) AF_PACKET);
        address.set(JAVA_BYTE, 2, (byte) (protocol >>> 8));
        address.set(JAVA_BYTE, 3, (byte) protocol);
        address.set(JAVA_INT, 4, index);
        return address;
    }

    private void attachFilter() {
        MemorySegment code = arena.allocate(FILTER.length * 8L, 8);
        for (int i = 0; i < FILTER.length; i++) {
            code.set(JAVA_SHORT, i * 8L, (short) FILTER[i][0]);
            code.set(JAVA_BYTE, i * 8L + 2, (byte) FILTER[i][1]);
            code.set(JAVA_BYTE, i * 8L + 3, (byte) FILTER[i][2]);
            code.set(JAVA_INT, i * 8L + 4, FILTER[i][3]);
        }
        // struct sock_fprog.
        MemorySegment program = arena.allocate(16, 8);
        program.set(JAVA_SHORT, 0, (short) FILTER.length);
        program.set(JAVA_LONG, 8, code.address());
        Libc.setsockopt(errno, fd, Libc.SOL_SOCKET, SO_ATTACH_FILTER, program, 16);
    }

    private void option(int level, int name, int value) {
        Libc.setsockopt(errno, fd, level, name, arena.allocateFrom(JAVA_INT, value), Integer.BYTES);
    }

    @Override
    public void register(IoEventLoop loop, Runnable readable) {
        EpollIoOps byEdge = EpollIoOps.valueOf(EpollIoOps.EPOLLIN.value() | EpollIoOps.EPOLLET.value());
        watch = EpollWatch.on(loop, fd, byEdge, _ -> readable.run(), this::close);
    }

    @Override
    public int read(byte[] into, int offset) {
        if (closed) {
            return 0;
        }
        int room = Math.min(LARGEST, into.length - offset);
        int length = (int) Downcalls.call(RECV, errno, fd, received.address(), room, 0, 0);
        if (length <= 0) {
            return 0;
        }
        MemorySegment.copy(received, JAVA_BYTE, 0, into, offset, length);
        return length;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        if (closed) {
            return;
        }
        MemorySegment.copy(bytes, offset, sent, JAVA_BYTE, 0, length);
        MemorySegment to = (bytes[offset] & 0xf0) == 0x40 ? four : six;
        if (UnixCalls.sendto(errno, fd, sent.asSlice(0, length), to, ADDRESS) < 0) {
            writeErrors++;
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
        EpollWatch current = watch;
        if (current != null) {
            current.cancel();
        }
        Libc.close(errno, fd);
        arena.close();
    }
}
