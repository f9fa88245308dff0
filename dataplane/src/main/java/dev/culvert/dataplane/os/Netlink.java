package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;

/// A socket to the kernel's configuration (netlink(7)). It answers before the request has returned, so nothing waits.
/// Owned by one thread.
final class Netlink implements AutoCloseable {
    static final int ROUTE = 0;
    static final int NETFILTER = 12;
    static final int GENERIC = 16;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
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
        return ask(requests, _ -> {});
    }

    /// Sends requests at once and hands on what the kernel answers, message by message, from behind their headers on.
    ///
    /// @param each gets memory that is overwritten afterwards: there may be secrets in it
    /// @return 0, or `errno` of the first that failed
    int ask(NetlinkMessage requests, Consumer<ByteBuffer> each) throws IOException {
        byte[] all = requests.bytes();
        try (Arena sending = Arena.ofConfined()) {
            MemorySegment bytes = sending.allocateFrom(JAVA_BYTE, all);
            long sent = Downcalls.call(SEND, errno, fd, bytes.address(), bytes.byteSize(), 0, 0);
            int error = sent < 0 ? Libc.errno(errno) : 0;
            bytes.fill((byte) 0);
            Arrays.fill(all, (byte) 0);
            if (error != 0) {
                throw new IOException("the kernel takes no netlink request: errno " + error);
            }
        }
        try {
            return answers(each);
        } finally {
            answer.fill((byte) 0);
        }
    }

    private int answers(Consumer<ByteBuffer> each) {
        int first = 0;
        while (true) {
            long length = Downcalls.call(RECV, errno, fd, answer.address(), ANSWER, MSG_DONTWAIT, 0);
            if (length <= 0) {
                return first;
            }
            for (long at = 0; at + NetlinkMessage.HEADER <= length; at += next(at)) {
                int type = Short.toUnsignedInt(answer.get(JAVA_SHORT, at + 4));
                if (type == NLMSG_ERROR) {
                    first = first == 0 ? -answer.get(JAVA_INT, at + NetlinkMessage.HEADER) : first;
                } else if (type != NLMSG_DONE) {
                    long end = Math.min(length, at + answer.get(JAVA_INT, at));
                    each.accept(body(at + NetlinkMessage.HEADER, end));
                }
            }
        }
    }

    private ByteBuffer body(long start, long end) {
        return answer.asSlice(start, Math.max(0, end - start)).asByteBuffer().order(ByteOrder.nativeOrder());
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
