package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.netstack.UdpEndpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// An array of `struct mmsghdr` (64-bit Linux), each with a buffer, the far address, and control messages that tell or
/// say which of our addresses the datagram came to or leaves from, and where the kernel has joined or shall cut
/// several.
final class DatagramBatch {
    static final int BUFFER = 65536;

    // struct mmsghdr: msghdr of 56 bytes, then msg_len.
    private static final int SIZE = 64;
    private static final int NAME_LENGTH = 8;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int LENGTH = 56;
    private static final int VECTOR = 16;
    private static final int NAME = 32;
    private static final int CONTROLS = 96;
    // struct cmsghdr: length, level, type; then its data, all aligned to 8.
    private static final int HEAD = 16;
    private static final int PKTINFO6 = 20;
    private static final int PKTINFO4 = 12;

    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt IPV4 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong IPV6 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final MemorySegment headers;
    private final MemorySegment vectors;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment buffers;

    DatagramBatch(Arena arena, int count) {
        headers = arena.allocate((long) SIZE * count, 8);
        vectors = arena.allocate((long) VECTOR * count, 8);
        names = arena.allocate((long) NAME * count, 8);
        controls = arena.allocate((long) CONTROLS * count, 8);
        buffers = arena.allocate((long) BUFFER * count, 64);
        for (int i = 0; i < count; i++) {
            long header = (long) SIZE * i;
            headers.set(JAVA_LONG, header, names.address() + (long) NAME * i);
            headers.set(JAVA_LONG, header + 16, vectors.address() + (long) VECTOR * i);
            headers.set(JAVA_LONG, header + 24, 1);
            vectors.set(JAVA_LONG, (long) VECTOR * i, buffers.address() + (long) BUFFER * i);
            headers.set(JAVA_LONG, header + CONTROL, controls.address() + (long) CONTROLS * i);
        }
    }

    MemorySegment from(int index) {
        return headers.asSlice((long) SIZE * index);
    }

    MemorySegment buffers() {
        return buffers;
    }

    static long buffer(int index) {
        return (long) BUFFER * index;
    }

    /// Makes ready to receive.
    void clear(int index) {
        long header = (long) SIZE * index;
        headers.set(JAVA_INT, header + NAME_LENGTH, NAME);
        headers.set(JAVA_LONG, header + CONTROL_LENGTH, CONTROLS);
        vectors.set(JAVA_LONG, (long) VECTOR * index + 8, BUFFER);
    }

    int received(int index) {
        return headers.get(JAVA_INT, (long) SIZE * index + LENGTH);
    }

    /// Reads the ends of what was received.
    ///
    /// @param localHigh our address where the kernel does not say which one it was
    /// @return the size of each datagram, of which there may be several
    int read(int index, UdpEndpoint ends, long localHigh, long localLow) {
        long name = (long) NAME * index;
        boolean six = names.get(JAVA_SHORT, name) == Libc.AF_INET6;
        long high = six ? names.get(IPV6, name + 8) : 0;
        long low = six ? names.get(IPV6, name + 16) : AddressWords.ipv4Low(names.get(IPV4, name + 4));
        int port = Short.toUnsignedInt(names.get(PORT, name + 2));
        int size = received(index);
        long ourHigh = localHigh;
        long ourLow = localLow;
        long at = (long) CONTROLS * index;
        long end = at + headers.get(JAVA_LONG, (long) SIZE * index + CONTROL_LENGTH);
        while (at + HEAD <= end) {
            long length = controls.get(JAVA_LONG, at);
            int level = controls.get(JAVA_INT, at + 8);
            int type = controls.get(JAVA_INT, at + 12);
            if (length < HEAD) {
                break;
            }
            if (level == Libc.SOL_UDP && type == Libc.UDP_GRO) {
                size = Math.max(1, controls.get(JAVA_INT, at + HEAD));
            } else if (level == Libc.IPPROTO_IPV6 && type == Libc.IPV6_PKTINFO) {
                ourHigh = controls.get(IPV6, at + HEAD);
                ourLow = controls.get(IPV6, at + HEAD + 8);
            } else if (level == Libc.IPPROTO_IP && type == Libc.IP_PKTINFO) {
                ourHigh = 0;
                ourLow = AddressWords.ipv4Low(controls.get(IPV4, at + HEAD + 8));
            }
            at += (length + 7) & ~7;
        }
        ends.set(ourHigh, ourLow, high, low, port);
        return size;
    }

    /// Makes ready to send.
    ///
    /// @param family of the socket; 0 for a connected one, which needs no address
    /// @param choosesLocal whether our address is said, as the socket has several
    /// @param segment the size of each datagram, 0 for one
    void prepare(int index, int family, UdpEndpoint ends, boolean choosesLocal, int length, int segment) {
        long header = (long) SIZE * index;
        headers.set(JAVA_INT, header + NAME_LENGTH, family == 0 ? 0 : name((long) NAME * index, family, ends));
        vectors.set(JAVA_LONG, (long) VECTOR * index + 8, length);
        long start = (long) CONTROLS * index;
        long at = start;
        if (choosesLocal && family == Libc.AF_INET6) {
            head(at, HEAD + PKTINFO6, Libc.IPPROTO_IPV6, Libc.IPV6_PKTINFO);
            controls.set(IPV6, at + HEAD, ends.localHigh());
            controls.set(IPV6, at + HEAD + 8, ends.localLow());
            controls.set(JAVA_LONG, at + HEAD + 16, 0);
            at += HEAD + 24;
        } else if (choosesLocal && family == Libc.AF_INET) {
            head(at, HEAD + PKTINFO4, Libc.IPPROTO_IP, Libc.IP_PKTINFO);
            controls.set(JAVA_INT, at + HEAD, 0);
            controls.set(IPV4, at + HEAD + 4, (int) ends.localLow());
            controls.set(JAVA_LONG, at + HEAD + 8, 0);
            at += HEAD + 16;
        }
        if (segment > 0) {
            head(at, HEAD + 2, Libc.SOL_UDP, Libc.UDP_SEGMENT);
            controls.set(JAVA_LONG, at + HEAD, segment);
            at += HEAD + 8;
        }
        headers.set(JAVA_LONG, header + CONTROL_LENGTH, at - start);
    }

    private void head(long at, int length, int level, int type) {
        controls.set(JAVA_LONG, at, length);
        controls.set(JAVA_INT, at + 8, level);
        controls.set(JAVA_INT, at + 12, type);
    }

    private int name(long at, int family, UdpEndpoint ends) {
        names.set(JAVA_SHORT, at, (short) family);
        names.set(PORT, at + 2, (short) ends.remotePort());
        if (family == Libc.AF_INET) {
            names.set(IPV4, at + 4, (int) ends.remoteLow());
            names.set(JAVA_LONG, at + 8, 0);
            return 16;
        }
        names.set(JAVA_INT, at + 4, 0);
        names.set(IPV6, at + 8, ends.remoteHigh());
        names.set(IPV6, at + 16, ends.remoteLow());
        names.set(JAVA_INT, at + 24, 0);
        return 28;
    }
}
