package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// `struct sockaddr_in` and `sockaddr_in6` to and from Java's addresses, with a small cache, so that the packets of
/// known
/// peers make no garbage. Owned by one loop.
final class SocketAddresses {
    /// Bytes of the larger of both structures.
    static final int SIZE = 28;

    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long FAMILY_OFFSET = 0;
    private static final long PORT_OFFSET = 2;
    private static final long IN_ADDRESS_OFFSET = 4;
    private static final long IN6_ADDRESS_OFFSET = 8;
    private static final long IN6_SCOPE_OFFSET = 24;
    private static final int CACHE_SIZE = 256;
    private static final ControlMessages NOTHING_MORE = new ControlMessages();
    // ::ffff:0:0/96 in the upper half of an address's second long, little-endian as memory is read.
    private static final int MAPPED_MARK = 0xffff0000;

    private final int family;
    private final long[] high = new long[CACHE_SIZE];
    private final long[] low = new long[CACHE_SIZE];
    private final int[] ports = new int[CACHE_SIZE];
    private final @Nullable InetSocketAddress[] known = new @Nullable InetSocketAddress[CACHE_SIZE];

    /// @param family the socket's: AF_INET, or AF_INET6, which carries IPv4 as mapped addresses
    SocketAddresses(int family) {
        this.family = family;
    }

    /// Reads what the kernel wrote.
    InetSocketAddress read(MemorySegment memory, long offset) {
        return read(memory, offset, NOTHING_MORE);
    }

    /// The same, and to which of our addresses the datagram came, if that is said beside it: a [ReturnAddress] then.
    InetSocketAddress read(MemorySegment memory, long offset, ControlMessages beside) {
        int port = Short.toUnsignedInt(memory.get(PORT, offset + PORT_OFFSET));
        boolean six = memory.get(JAVA_SHORT_UNALIGNED, offset + FAMILY_OFFSET) == Libc.AF_INET6;
        long first = six ? memory.get(JAVA_LONG_UNALIGNED, offset + IN6_ADDRESS_OFFSET) : 0;
        long second = six
                ? memory.get(JAVA_LONG_UNALIGNED, offset + IN6_ADDRESS_OFFSET + 8)
                : memory.get(JAVA_INT_UNALIGNED, offset + IN_ADDRESS_OFFSET);
        int slot = slot(first, second, port);
        InetSocketAddress cached = known[slot];
        if (cached != null
                && high[slot] == first
                && low[slot] == second
                && ports[slot] == port
                && isReachedAs(cached, beside)) {
            return cached;
        }
        InetAddress address = address(memory, offset, six);
        InetSocketAddress fresh = beside.hasLocal
                ? new ReturnAddress(address, port, beside.localHigh, beside.localLow)
                : new InetSocketAddress(address, port);
        high[slot] = first;
        low[slot] = second;
        ports[slot] = port;
        known[slot] = fresh;
        return fresh;
    }

    private static boolean isReachedAs(InetSocketAddress known, ControlMessages beside) {
        return known instanceof ReturnAddress back
                ? beside.hasLocal && back.localHigh == beside.localHigh && back.localLow == beside.localLow
                : !beside.hasLocal;
    }

    private static int slot(long first, long second, int port) {
        long mixed = (first * 31 + second) * 31 + port;
        mixed *= 0x9e3779b97f4a7c15L;
        return (int) (mixed >>> 56);
    }

    private static InetAddress address(MemorySegment memory, long offset, boolean six) {
        byte[] bytes = new byte[six ? 16 : 4];
        MemorySegment.copy(
                memory, JAVA_BYTE, offset + (six ? IN6_ADDRESS_OFFSET : IN_ADDRESS_OFFSET), bytes, 0, bytes.length);
        try {
            if (six && bytes[0] == (byte) 0xfe && (bytes[1] & 0xc0) == 0x80) {
                // A link-local address means nothing without its interface.
                return Inet6Address.getByAddress(
                        null, bytes, memory.get(JAVA_INT_UNALIGNED, offset + IN6_SCOPE_OFFSET));
            }
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Writes an address as the socket's family wants it.
    ///
    /// @return the length of the structure, or -1 if this socket cannot reach that family
    int write(InetSocketAddress address, MemorySegment memory, long offset) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            return -1;
        }
        byte[] bytes = ip.getAddress();
        memory.set(JAVA_SHORT_UNALIGNED, offset + FAMILY_OFFSET, (short) family);
        memory.set(PORT, offset + PORT_OFFSET, (short) address.getPort());
        if (family == Libc.AF_INET) {
            if (bytes.length != 4) {
                return -1;
            }
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, offset + IN_ADDRESS_OFFSET, 4);
            memory.set(JAVA_LONG_UNALIGNED, offset + 8, 0L);
            return 16;
        }
        memory.set(JAVA_INT_UNALIGNED, offset + 4, 0);
        if (bytes.length == 4) {
            memory.set(JAVA_LONG_UNALIGNED, offset + IN6_ADDRESS_OFFSET, 0L);
            memory.set(JAVA_INT_UNALIGNED, offset + IN6_ADDRESS_OFFSET + 8, MAPPED_MARK);
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, offset + IN6_ADDRESS_OFFSET + 12, 4);
        } else {
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, offset + IN6_ADDRESS_OFFSET, 16);
        }
        memory.set(JAVA_INT_UNALIGNED, offset + IN6_SCOPE_OFFSET, ip instanceof Inet6Address v6 ? v6.getScopeId() : 0);
        return 28;
    }
}
