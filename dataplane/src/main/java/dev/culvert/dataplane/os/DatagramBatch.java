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

/// [Messages] with the far address of each, and with control messages that tell or
/// say which of our addresses the datagram came to or leaves from, and where the kernel has joined or shall cut
/// several.
final class DatagramBatch {
    // Two control messages, the larger one with an IPv6 address.
    private static final int CONTROLS = 96;
    // struct cmsghdr: length, level, type; then its data, all aligned to 8.
    private static final int HEAD = 16;
    private static final int PKTINFO6 = 20;
    private static final int PKTINFO4 = 12;

    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt IPV4 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong IPV6 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    final Messages messages;
    private final MemorySegment names;
    private final MemorySegment controls;

    DatagramBatch(Arena arena, int count) {
        messages = new Messages(arena, count, CONTROLS);
        names = messages.names();
        controls = messages.controls();
    }

    /// Reads the ends of what was received.
    ///
    /// @param localHigh our address where the kernel does not say which one it was
    /// @return the size of each datagram, of which there may be several
    int read(int index, UdpEndpoint ends, long localHigh, long localLow) {
        long name = messages.name(index);
        boolean six = names.get(JAVA_SHORT, name) == Libc.AF_INET6;
        long high = six ? names.get(IPV6, name + 8) : 0;
        long low = six ? names.get(IPV6, name + 16) : AddressWords.ipv4Low(names.get(IPV4, name + 4));
        int port = Short.toUnsignedInt(names.get(PORT, name + 2));
        int size = messages.received(index);
        long ourHigh = localHigh;
        long ourLow = localLow;
        long at = messages.control(index);
        long end = at + messages.controlLength(index);
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
        long start = messages.control(index);
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
        int nameLength = family == 0 ? 0 : name(messages.name(index), family, ends);
        messages.prepareWith(index, nameLength, length, at - start);
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
