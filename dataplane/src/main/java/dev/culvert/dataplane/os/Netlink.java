package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// A socket to the kernel's configuration (netlink(7)). It answers before the request has returned, so nothing waits.
/// Owned by one thread.
final class Netlink implements AutoCloseable {
    static final int ROUTE = 0;
    static final int NETFILTER = 12;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int NLMSG_ERROR = 2;
    private static final int ANSWER = 64 * 1024;

    private static final MethodHandle SOCKET = Libc.function("socket");
    private static final MethodHandle SEND = Libc.function("send");
    private static final MethodHandle RECV = Libc.function("recv");

    private final Arena arena = Arena.ofShared();
    private final MemorySegment errno = arena.allocate(Libc.stateLayout());
    private final MemorySegment answer = arena.allocate(ANSWER, 8);
    private final int fd;

    private Netlink(int protocol) throws IOException {
        fd = (int) Downcalls.call(SOCKET, errno, AF_NETLINK, SOCK_RAW_CLOEXEC, protocol, 0, 0);
        if (fd < 0) {
            int error = Libc.errno(errno);
            arena.close();
            throw new IOException("the kernel has no netlink of protocol " + protocol + ": errno " + error);
        }
    }

    /// @throws IOException if the kernel has no such family
    static Netlink open(int protocol) throws IOException {
        return new Netlink(protocol);
    }

    /// Sends requests at once and reads what the kernel says to them.
    ///
    /// @return 0, or `errno` of the first that failed
    int request(NetlinkMessage requests) throws IOException {
        try (Arena sending = Arena.ofConfined()) {
            MemorySegment bytes = sending.allocateFrom(JAVA_BYTE, requests.bytes());
            long sent = Downcalls.call(SEND, errno, fd, bytes.address(), bytes.byteSize(), 0, 0);
            if (sent < 0) {
                throw new IOException("the kernel takes no netlink request: errno " + Libc.errno(errno));
            }
        }
        return firstError();
    }

    private int firstError() {
        int first = 0;
        while (true) {
            long length = Downcalls.call(RECV, errno, fd, answer.address(), ANSWER, MSG_DONTWAIT, 0);
            if (length <= 0) {
                return first;
            }
            for (long at = 0; at + NetlinkMessage.HEADER <= length; at += next(at)) {
                boolean verdict = answer.get(JAVA_SHORT, at + 4) == NLMSG_ERROR;
                if (verdict && first == 0) {
                    first = -answer.get(JAVA_INT, at + NetlinkMessage.HEADER);
                }
            }
        }
    }

    private long next(long at) {
        return Math.max(NetlinkMessage.HEADER, (answer.get(JAVA_INT, at) + 3) & -4);
    }

    @Override
    public void close() {
        Libc.close(errno, fd);
        arena.close();
    }
}
