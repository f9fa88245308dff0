package dev.culvert.dataplane.os;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The C library's calls for sockets of the file system, by which descriptors go from process to process. Each takes a
/// segment first, into which it puts `errno`.
final class UnixCalls {
    // bits/socket.h and asm-generic/socket.h, the same on x86-64 and aarch64.
    static final int AF_UNIX = 1;
    static final int SOCK_SEQPACKET_CLOEXEC = 5 | 0x80000;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int SO_PEERCRED = 17;
    static final int SO_RCVTIMEO = 20;
    static final int SO_SNDTIMEO = 21;
    static final int SCM_RIGHTS = 1;
    static final int ECONNRESET = 104;
    static final int MSG_CTRUNC = 0x8;
    static final int MSG_TRUNC = 0x20;
    static final int MSG_NOSIGNAL = 0x4000;
    // MSG_DONTWAIT | MSG_NOSIGNAL
    private static final int SEND_QUIETLY = 0x40 | 0x4000;
    static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private static final MethodHandle LISTEN = Libc.function("listen");
    private static final MethodHandle ACCEPT4 = Libc.function("accept4");
    private static final MethodHandle CONNECT = Libc.function("connect");
    private static final MethodHandle GETSOCKOPT = Libc.function("getsockopt");
    private static final MethodHandle SENDTO = Libc.function("sendto");
    private static final MethodHandle SENDMSG = Libc.function("sendmsg");
    private static final MethodHandle RECVMSG = Libc.function("recvmsg");
    private static final MethodHandle GETEUID = Libc.function("geteuid");

    private UnixCalls() {}

    static int listen(MemorySegment state, int fd, int backlog) {
        return (int) Downcalls.call(LISTEN, state, fd, backlog, 0, 0, 0);
    }

    static int accept(MemorySegment state, int fd) {
        return (int) Downcalls.call(ACCEPT4, state, fd, 0, 0, SOCK_CLOEXEC, 0);
    }

    static int connect(MemorySegment state, int fd, MemorySegment address, int length) {
        return (int) Downcalls.call(CONNECT, state, fd, address.address(), length, 0, 0);
    }

    static int getsockopt(
            MemorySegment state, int fd, int level, int option, MemorySegment value, MemorySegment length) {
        return (int) Downcalls.call(GETSOCKOPT, state, fd, level, option, value.address(), length.address());
    }

    /// To an address, without waiting and without a signal.
    static long sendto(MemorySegment state, int fd, MemorySegment bytes, MemorySegment address, int length) {
        try {
            return (long) SENDTO.invokeExact(
                    state, (long) fd, bytes.address(), bytes.byteSize(), (long) SEND_QUIETLY, address.address(), (long)
                            length);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    static long sendmsg(MemorySegment state, int fd, MemorySegment message, int flags) {
        return Downcalls.call(SENDMSG, state, fd, message.address(), flags, 0, 0);
    }

    static long recvmsg(MemorySegment state, int fd, MemorySegment message, int flags) {
        return Downcalls.call(RECVMSG, state, fd, message.address(), flags, 0, 0);
    }

    static int geteuid(MemorySegment state) {
        return (int) Downcalls.call(GETEUID, state, 0, 0, 0, 0, 0);
    }
}
