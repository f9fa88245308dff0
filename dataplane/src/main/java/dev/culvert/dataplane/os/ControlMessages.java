package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.culvert.proto.inet.AddressWords;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// What the kernel says beside a datagram, and is told: which of our addresses it came to or leaves from (IP_PKTINFO,
/// IPV6_PKTINFO), its traffic class (IP_TOS, IPV6_TCLASS), and of what size the datagrams are that it has joined or
/// shall cut (UDP_GRO, UDP_SEGMENT). Addresses
/// are [AddressWords].
final class ControlMessages {
    /// Room for all: a socket of IPv6 may tell an IPv4 address of ours in both ways.
    static final int SIZE = 128;

    // struct cmsghdr: length, level, type; then its data, all aligned to 8.
    private static final int HEAD = 16;
    private static final int PKTINFO6 = 20;
    private static final int PKTINFO4 = 12;
    private static final int ALIGNMENT = 7;
    private static final int ECN_MASK = 3;

    private static final ValueLayout.OfInt IPV4 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong IPV6 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /// The size of each of the datagrams that the kernel has joined, or 0.
    int segmentSize;

    /// The two ECN bits of the IP header; of what the kernel has joined they are the same (RFC 3168 §5.3).
    int ecn;

    boolean hasLocal;
    long localHigh;
    long localLow;

    /// Reads `length` bytes of control messages at `start`.
    void read(MemorySegment controls, long start, long length) {
        segmentSize = 0;
        ecn = 0;
        hasLocal = false;
        long end = start + length;
        for (long at = start; at + HEAD <= end; ) {
            long size = controls.get(JAVA_LONG, at);
            if (size < HEAD) {
                return;
            }
            readOne(controls, at, size - HEAD);
            at += (size + ALIGNMENT) & ~ALIGNMENT;
        }
    }

    private void readOne(MemorySegment controls, long at, long data) {
        int level = controls.get(JAVA_INT, at + 8);
        int type = controls.get(JAVA_INT, at + 12);
        if (level == Libc.SOL_UDP && type == Libc.UDP_GRO && data >= Integer.BYTES) {
            segmentSize = Math.max(1, controls.get(JAVA_INT, at + HEAD));
        } else if (level == Libc.IPPROTO_IPV6 && type == Libc.IPV6_PKTINFO && data >= PKTINFO6) {
            // Of IPv4 too, where the socket is of IPv6: as a mapped address, which is what its words are.
            hasLocal = true;
            localHigh = controls.get(IPV6, at + HEAD);
            localLow = controls.get(IPV6, at + HEAD + 8);
        } else if (level == Libc.IPPROTO_IP && type == Libc.IP_PKTINFO && data >= PKTINFO4) {
            hasLocal = true;
            localHigh = 0;
            localLow = AddressWords.ipv4Low(controls.get(IPV4, at + HEAD + 8));
        } else if (level == Libc.IPPROTO_IP && type == Libc.IP_TOS && data > 0) {
            ecn = controls.get(JAVA_BYTE, at + HEAD) & ECN_MASK;
        } else if (level == Libc.IPPROTO_IPV6 && type == Libc.IPV6_TCLASS && data >= Integer.BYTES) {
            ecn = controls.get(JAVA_INT, at + HEAD) & ECN_MASK;
        }
    }

    /// Writes from which of our addresses a datagram leaves.
    ///
    /// @param family the socket's
    /// @return where the next control message begins
    static long writeLocal(MemorySegment controls, long at, int family, long high, long low) {
        if (family == Libc.AF_INET6) {
            head(controls, at, HEAD + PKTINFO6, Libc.IPPROTO_IPV6, Libc.IPV6_PKTINFO);
            controls.set(IPV6, at + HEAD, high);
            controls.set(IPV6, at + HEAD + 8, low);
            controls.set(JAVA_LONG, at + HEAD + 16, 0);
            return at + HEAD + 24;
        }
        head(controls, at, HEAD + PKTINFO4, Libc.IPPROTO_IP, Libc.IP_PKTINFO);
        controls.set(JAVA_INT, at + HEAD, 0);
        controls.set(IPV4, at + HEAD + 4, (int) low);
        controls.set(JAVA_LONG, at + HEAD + 8, 0);
        return at + HEAD + 16;
    }

    /// Writes the traffic class of a datagram.
    ///
    /// @param four whether it goes to an IPv4 address, also if from a socket of IPv6
    /// @return where the next control message begins
    static long writeTrafficClass(MemorySegment controls, long at, boolean four, int trafficClass) {
        if (four) {
            head(controls, at, HEAD + Integer.BYTES, Libc.IPPROTO_IP, Libc.IP_TOS);
        } else {
            head(controls, at, HEAD + Integer.BYTES, Libc.IPPROTO_IPV6, Libc.IPV6_TCLASS);
        }
        controls.set(JAVA_LONG, at + HEAD, trafficClass);
        return at + HEAD + 8;
    }

    /// Writes of what size the datagrams are into which the kernel shall cut.
    ///
    /// @return where the next control message begins
    static long writeSegment(MemorySegment controls, long at, int size) {
        head(controls, at, HEAD + Short.BYTES, Libc.SOL_UDP, Libc.UDP_SEGMENT);
        controls.set(JAVA_LONG, at + HEAD, size);
        return at + HEAD + 8;
    }

    private static void head(MemorySegment controls, long at, int length, int level, int type) {
        controls.set(JAVA_LONG, at, length);
        controls.set(JAVA_INT, at + 8, level);
        controls.set(JAVA_INT, at + 12, type);
    }
}
