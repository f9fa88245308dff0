package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The pieces of one packet (RFC 791 §3.2, RFC 8200 §4.5). Bytes lie behind room for a header of their own, so that
/// the whole reads like a packet that was never cut.
final class Fragments {
    private static final int LARGEST = 65535;
    /// A packet of the largest size in pieces of 576 bytes has fewer.
    private static final int MOST = 128;

    private static final int UNKNOWN = -1;

    boolean ipv4;
    long sourceHigh;
    long sourceLow;
    long targetHigh;
    long targetLow;
    int identification;
    int protocol;
    long deadline;
    /// Something about it was wrong: what else comes of it is dropped until the deadline (RFC 5722 §3).
    boolean refused;

    private byte[] bytes = {};
    private final int[] starts = new int[MOST];
    private final int[] ends = new int[MOST];
    private int count;
    private int received;
    private int total;
    /// One of them is marked (RFC 3168 §5.3).
    private boolean marked;
    /// The first piece as it came, for an error to quote; its length, or 0.
    int firstLength;

    /// Starts with nothing; memory of an earlier packet is used again.
    void open(Packet packet, int id, long until) {
        ipv4 = packet.ipv4;
        sourceHigh = packet.sourceHigh;
        sourceLow = packet.sourceLow;
        targetHigh = packet.targetHigh;
        targetLow = packet.targetLow;
        identification = id;
        protocol = packet.protocol;
        deadline = until;
        refused = false;
        count = 0;
        received = 0;
        total = UNKNOWN;
        marked = false;
        firstLength = 0;
    }

    /// Whether a piece belongs here. IPv6 does not compare the protocol: only the first piece tells it.
    boolean matches(Packet packet, int id) {
        return identification == id
                && ipv4 == packet.ipv4
                && sourceLow == packet.sourceLow
                && sourceHigh == packet.sourceHigh
                && targetLow == packet.targetLow
                && targetHigh == packet.targetHigh
                && (!ipv4 || protocol == packet.protocol);
    }

    private int header() {
        return ipv4 ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
    }

    /// Takes a piece; returns why it and all others must be dropped, or null.
    @Nullable
    Drop add(Packet packet, int offset, boolean more) {
        int length = packet.payloadLength;
        int end = offset + length;
        if (end > LARGEST - header() || (more && (length & 7) != 0) || length == 0) {
            return Drop.BAD_FRAGMENT;
        }
        if (more ? total != UNKNOWN && end > total : (total != UNKNOWN && end != total) || end < highest()) {
            return Drop.BAD_FRAGMENT;
        }
        int at = 0;
        while (at < count && ends[at] <= offset) {
            at++;
        }
        if (at < count && starts[at] < end) {
            // The network may repeat a piece; whoever sends others over it wants two readings (RFC 5722).
            return starts[at] == offset && ends[at] == end ? null : Drop.OVERLAPPING_FRAGMENT;
        }
        if (count == MOST) {
            return Drop.FRAGMENTS_FULL;
        }
        System.arraycopy(starts, at, starts, at + 1, count - at);
        System.arraycopy(ends, at, ends, at + 1, count - at);
        starts[at] = offset;
        ends[at] = end;
        count++;
        received += length;
        marked |= packet.ecn == Ecn.MARKED;
        total = more ? total : end;
        keep(packet, offset, length);
        return null;
    }

    private int highest() {
        return count == 0 ? 0 : ends[count - 1];
    }

    private void keep(Packet packet, int offset, int length) {
        int room = header() + offset + length;
        if (bytes.length < room) {
            bytes = Arrays.copyOf(bytes, Math.max(2048, Integer.highestOneBit(room - 1) * 2));
        }
        System.arraycopy(packet.bytes, packet.payload, bytes, header() + offset, length);
        if (offset == 0) {
            protocol = packet.protocol;
            firstLength = header() + length;
        }
    }

    boolean isComplete() {
        return received == total;
    }

    /// Makes the whole the packet in hand.
    void takeInto(Packet packet) {
        writeHeader(total);
        fill(packet, total);
    }

    /// Makes the first piece the packet in hand, for an error about it; only if it is there.
    void quoteInto(Packet packet) {
        writeHeader(firstLength - header());
        packet.ipv4 = ipv4;
        packet.sourceHigh = sourceHigh;
        packet.sourceLow = sourceLow;
        packet.targetHigh = targetHigh;
        packet.targetLow = targetLow;
        fill(packet, firstLength - header());
    }

    private void fill(Packet packet, int length) {
        packet.bytes = bytes;
        packet.start = 0;
        packet.protocol = protocol;
        packet.ecn = marked ? Ecn.MARKED : 0;
        packet.payload = header();
        packet.payloadLength = length;
    }

    private void writeHeader(int length) {
        if (ipv4) {
            Ipv4Header.write(bytes, 0, Ipv4Header.LENGTH + length, protocol, (int) sourceLow, (int) targetLow);
            NetworkOrder.put16(bytes, 6, 0);
        } else {
            Ipv6Header.write(bytes, 0, length, protocol, sourceHigh, sourceLow, targetHigh, targetLow);
        }
    }
}
