package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// The C library's socket calls. Each takes a segment first, into which it puts `errno`.
final class Libc {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    // MSG_DONTWAIT | MSG_NOSIGNAL
    static final int SEND_QUIETLY = 0x40 | 0x4000;
    static final int SOL_SOCKET = 1;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int IPPROTO_IP = 0;
    // linux/in.h, linux/in6.h
    static final int IP_MTU_DISCOVER = 10;
    static final int IPV6_MTU_DISCOVER = 23;
    static final int PMTUDISC_PROBE = 3;
    static final int IPPROTO_IPV6 = 41;
    static final int IPV6_V6ONLY = 26;
    // linux/udp.h
    static final int SOL_UDP = 17;
    static final int UDP_SEGMENT = 103;
    static final int UDP_GRO = 104;

    static final int EINTR = 4;
    static final int EIO = 5;
    static final int EAGAIN = 11;
    static final int EINVAL = 22;
    static final int EADDRINUSE = 98;
    static final int EACCES = 13;
    static final int EPERM = 1;
    static final int EADDRNOTAVAIL = 99;
    static final int ENETDOWN = 100;
    static final int ENETUNREACH = 101;
    static final int EHOSTUNREACH = 113;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker LINKER = Linker.nativeLinker();
    private static final AddressLayout PTR = ADDRESS;

    private static final MethodHandle SOCKET = function("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = function("bind", JAVA_INT, PTR, JAVA_INT);
    private static final MethodHandle GETSOCKNAME = function("getsockname", JAVA_INT, PTR, PTR);
    private static final MethodHandle SETSOCKOPT = function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, PTR, JAVA_INT);
    private static final MethodHandle RECVMMSG = function("recvmmsg", JAVA_INT, PTR, JAVA_INT, JAVA_INT, PTR);
    private static final MethodHandle SENDMMSG = function("sendmmsg", JAVA_INT, PTR, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOCK_GETTIME = function("clock_gettime", JAVA_INT, PTR);
    private static final MethodHandle SENDTO = function("sendto", JAVA_INT, PTR, JAVA_LONG, JAVA_INT, PTR, JAVA_INT);
    private static final MethodHandle CLOSE = function("close", JAVA_INT);

    private Libc() {}

    static StructLayout stateLayout() {
        return STATE;
    }

    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    static MethodHandle function(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, arguments),
                Linker.Option.captureCallState("errno"));
    }

    static int socket(MemorySegment state, int family, int type) {
        try {
            return (int) SOCKET.invokeExact(state, family, type, 0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int bind(MemorySegment state, int fd, MemorySegment address, int length) {
        try {
            return (int) BIND.invokeExact(state, fd, address, length);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int getsockname(MemorySegment state, int fd, MemorySegment address, MemorySegment length) {
        try {
            return (int) GETSOCKNAME.invokeExact(state, fd, address, length);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int setsockopt(MemorySegment state, int fd, int level, int option, MemorySegment value, int length) {
        try {
            return (int) SETSOCKOPT.invokeExact(state, fd, level, option, value, length);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int recvmmsg(MemorySegment state, int fd, MemorySegment messages, int count) {
        try {
            return (int) RECVMMSG.invokeExact(state, fd, messages, count, 0, MemorySegment.NULL);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int sendmmsg(MemorySegment state, int fd, MemorySegment messages, int count) {
        try {
            return (int) SENDMMSG.invokeExact(state, fd, messages, count, 0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// Into two 64-bit numbers, seconds and nanoseconds: `struct timespec` of every 64-bit Linux.
    static int clockGettime(MemorySegment state, int clock, MemorySegment time) {
        try {
            return (int) CLOCK_GETTIME.invokeExact(state, clock, time);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int sendto(MemorySegment state, int fd, MemorySegment bytes, MemorySegment address, int length) {
        try {
            return (int) SENDTO.invokeExact(state, fd, bytes, bytes.byteSize(), SEND_QUIETLY, address, length);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static int close(MemorySegment state, int fd) {
        try {
            return (int) CLOSE.invokeExact(state, fd);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static IllegalStateException unexpected(Throwable t) {
        return new IllegalStateException("a call into the C library failed in the JVM", t);
    }
}
