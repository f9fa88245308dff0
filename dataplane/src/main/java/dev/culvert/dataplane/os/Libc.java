package dev.culvert.dataplane.os;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/// The C library's socket calls. Each takes a segment first, into which it puts `errno`.
final class Libc {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    static final int SOL_SOCKET = 1;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int SO_ATTACH_FILTER = 26;
    static final int SO_SNDBUFFORCE = 32;
    static final int SO_RCVBUFFORCE = 33;
    static final int SO_MARK = 36;
    // linux/sock_diag.h: an array of nine words, of which the last are the drops
    static final int SO_MEMINFO = 55;
    static final int MEMINFO_BYTES = 36;
    static final int MEMINFO_DROPS = 32;
    static final int IPPROTO_IP = 0;
    // linux/in.h, linux/in6.h
    static final int IP_MTU_DISCOVER = 10;
    static final int IPV6_MTU_DISCOVER = 23;
    static final int PMTUDISC_PROBE = 3;
    static final int IPPROTO_IPV6 = 41;
    static final int IP_TRANSPARENT = 19;
    static final int IPV6_TRANSPARENT = 75;
    static final int IPV6_V6ONLY = 26;
    // linux/udp.h
    static final int IP_PKTINFO = 8;
    static final int IPV6_RECVPKTINFO = 49;
    static final int IPV6_PKTINFO = 50;
    static final int IP_TOS = 1;
    static final int IP_RECVTOS = 13;
    static final int IPV6_RECVTCLASS = 66;
    static final int IPV6_TCLASS = 67;
    static final int SO_REUSEPORT = 15;
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
    static final int ECONNREFUSED = 111;
    static final int EMFILE = 24;

    private static final MethodHandle SOCKET = function("socket");
    private static final MethodHandle BIND = function("bind");
    private static final MethodHandle CONNECT = function("connect");
    private static final MethodHandle GETSOCKNAME = function("getsockname");
    private static final MethodHandle SETSOCKOPT = function("setsockopt");
    private static final MethodHandle GETSOCKOPT = function("getsockopt");
    private static final MethodHandle RECVMMSG = function("recvmmsg");
    private static final MethodHandle SENDMMSG = function("sendmmsg");
    private static final MethodHandle CLOCK_GETTIME = function("clock_gettime");
    private static final MethodHandle CLOSE = function("close");

    private Libc() {}

    static MethodHandle function(String name) {
        return Downcalls.words(Linker.nativeLinker().defaultLookup(), name);
    }

    static StructLayout stateLayout() {
        return Downcalls.stateLayout();
    }

    static int errno(MemorySegment state) {
        return Downcalls.errno(state);
    }

    static int socket(MemorySegment state, int family, int type) {
        return (int) Downcalls.call(SOCKET, state, family, type, 0, 0, 0);
    }

    static int bind(MemorySegment state, int fd, MemorySegment address, int length) {
        return (int) Downcalls.call(BIND, state, fd, address.address(), length, 0, 0);
    }

    static int connect(MemorySegment state, int fd, MemorySegment address, int length) {
        return (int) Downcalls.call(CONNECT, state, fd, address.address(), length, 0, 0);
    }

    static int getsockname(MemorySegment state, int fd, MemorySegment address, MemorySegment length) {
        return (int) Downcalls.call(GETSOCKNAME, state, fd, address.address(), length.address(), 0, 0);
    }

    static int setsockopt(MemorySegment state, int fd, int level, int option, MemorySegment value, int length) {
        return (int) Downcalls.call(SETSOCKOPT, state, fd, level, option, value.address(), length);
    }

    static int getsockopt(
            MemorySegment state, int fd, int level, int option, MemorySegment value, MemorySegment length) {
        return (int) Downcalls.call(GETSOCKOPT, state, fd, level, option, value.address(), length.address());
    }

    static int recvmmsg(MemorySegment state, int fd, MemorySegment messages, int count) {
        try {
            return (int) (long) RECVMMSG.invokeExact(state, (long) fd, messages.address(), (long) count, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    static int sendmmsg(MemorySegment state, int fd, MemorySegment messages, int count) {
        try {
            return (int) (long) SENDMMSG.invokeExact(state, (long) fd, messages.address(), (long) count, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    /// Into two 64-bit numbers, seconds and nanoseconds: `struct timespec` of every 64-bit Linux.
    static int clockGettime(MemorySegment state, int clock, MemorySegment time) {
        return (int) Downcalls.call(CLOCK_GETTIME, state, clock, time.address(), 0, 0, 0);
    }

    static int close(MemorySegment state, int fd) {
        return (int) Downcalls.call(CLOSE, state, fd, 0, 0, 0, 0);
    }
}
