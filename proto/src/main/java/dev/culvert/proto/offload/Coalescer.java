package dev.culvert.proto.offload;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Joins the TCP segments of a batch that follow one another, so that the kernel takes up to 64 KiB by one call and
/// goes through its TCP once. What cannot be joined is passed on as it came, in order within each connection.
///
/// A segment is joined only if its checksum is right, for the kernel will not look at those of joined ones any more.
/// Owned by one thread.
public final class Coalescer {
    // Connections that are gathered at a time; one more sends the oldest on.
    private static final int FLOWS = 8;
    private static final int WORDS_WITHOUT_PSH = 0xfff7_ffff;

    /// Takes a header of virtio and a packet, which are its own only for the call.
    @FunctionalInterface
    public interface Sink {
        void write(byte[] bytes, int offset, int length);
    }

    private final @Nullable Flow[] flows = new @Nullable Flow[FLOWS];
    private int oldest;

    private byte[] bytes = new byte[0];
    private int packet;
    private int length;
    private int transport;
    private int headers;

    private static final class Flow {
        // A header of virtio, then an IP packet of any length.
        final byte[] bytes = new byte[VirtioNetHeader.LENGTH + 65_535];
        int length;
        int transport;
        int headers;
        int size;
        int nextSequence;
        int segments;
        boolean closed;
    }

    /// A coalescer that holds nothing.
    public Coalescer() {}

    /// Takes one packet.
    ///
    /// @param source with 10 bytes of room before the packet, which are written into
    public void add(byte[] source, int offset, int bytesOfPacket, Sink sink) {
        bytes = source;
        packet = offset;
        length = bytesOfPacket;
        if (!isTcp()) {
            pass(sink);
            return;
        }
        Flow flow = find();
        boolean joinable = isJoinable();
        if (flow != null && joinable && follows(flow)) {
            join(flow);
            return;
        }
        if (flow != null) {
            write(flow, sink);
        }
        if (joinable) {
            begin(flow, sink);
        } else {
            pass(sink);
        }
    }

    /// Passes on all that was gathered.
    public void flush(Sink sink) {
        for (Flow flow : flows) {
            if (flow != null) {
                write(flow, sink);
            }
        }
        oldest = 0;
    }

    private void pass(Sink sink) {
        VirtioNetHeader.plain(bytes, packet - VirtioNetHeader.LENGTH);
        sink.write(bytes, packet - VirtioNetHeader.LENGTH, length + VirtioNetHeader.LENGTH);
    }

    /// Whether this is a TCP segment behind a header without options, whole and no fragment.
    private boolean isTcp() {
        if (length < Ipv4Header.LENGTH + TcpHeader.LENGTH) {
            return false;
        }
        int version = NetworkOrder.u8(bytes, packet);
        if (version == 0x45) {
            transport = Ipv4Header.LENGTH;
            return NetworkOrder.u8(bytes, packet + 9) == IpProtocol.TCP
                    && (NetworkOrder.u16(bytes, packet + 6) & 0x3fff) == 0
                    && NetworkOrder.u16(bytes, packet + 2) == length;
        }
        transport = Ipv6Header.LENGTH;
        return version >>> 4 == 6
                && length >= Ipv6Header.LENGTH + TcpHeader.LENGTH
                && NetworkOrder.u8(bytes, packet + 6) == IpProtocol.TCP
                && NetworkOrder.u16(bytes, packet + 4) == length - Ipv6Header.LENGTH;
    }

    /// Whether it carries data and nothing that the kernel must see by itself.
    private boolean isJoinable() {
        int tcp = packet + transport;
        headers = transport + (NetworkOrder.u8(bytes, tcp + 12) >>> 4) * 4;
        return (NetworkOrder.u8(bytes, tcp + 13) & ~TcpHeader.PSH) == TcpHeader.ACK
                && headers >= transport + TcpHeader.LENGTH
                && headers < length
                && (transport != Ipv4Header.LENGTH || InternetChecksum.sum(bytes, packet, transport) == 0xffff)
                && InternetChecksum.fold(pseudoHeader(bytes, packet, transport, length)
                                + InternetChecksum.sum(bytes, tcp, length - transport))
                        == 0xffff;
    }

    private static long pseudoHeader(byte[] bytes, int packet, int transport, int length) {
        boolean four = transport == Ipv4Header.LENGTH;
        int addresses =
                four ? InternetChecksum.sum(bytes, packet + 12, 8) : InternetChecksum.sum(bytes, packet + 8, 32);
        return (long) addresses + IpProtocol.TCP + length - transport;
    }

    private @Nullable Flow find() {
        for (Flow flow : flows) {
            if (flow != null && flow.segments > 0 && flow.transport == transport && isSame(flow)) {
                return flow;
            }
        }
        return null;
    }

    private boolean isSame(Flow flow) {
        int theirs = VirtioNetHeader.LENGTH;
        if (NetworkOrder.i32(flow.bytes, theirs + transport) != NetworkOrder.i32(bytes, packet + transport)) {
            return false;
        }
        if (transport == Ipv4Header.LENGTH) {
            return NetworkOrder.i64(flow.bytes, theirs + 12) == NetworkOrder.i64(bytes, packet + 12);
        }
        for (int at = 8; at < Ipv6Header.LENGTH; at += 8) {
            if (NetworkOrder.i64(flow.bytes, theirs + at) != NetworkOrder.i64(bytes, packet + at)) {
                return false;
            }
        }
        return true;
    }

    /// Whether the segment is the one behind those of the flow, and like them but for its place.
    private boolean follows(Flow flow) {
        int payload = length - headers;
        return !flow.closed
                && headers == flow.headers
                && payload <= flow.size
                && flow.length + payload <= 65_535
                && NetworkOrder.i32(bytes, packet + transport + 4) == flow.nextSequence
                && hasSameHeaders(flow.bytes, VirtioNetHeader.LENGTH);
    }

    private boolean hasSameHeaders(byte[] theirs, int at) {
        // Traffic class, ECN and flow label; of IPv4 not its length; then fragmentation and time to live.
        boolean four = transport == Ipv4Header.LENGTH;
        boolean same = four
                ? NetworkOrder.u8(theirs, at + 1) == NetworkOrder.u8(bytes, packet + 1)
                        && NetworkOrder.u16(theirs, at + 6) == NetworkOrder.u16(bytes, packet + 6)
                        && NetworkOrder.u8(theirs, at + 8) == NetworkOrder.u8(bytes, packet + 8)
                : NetworkOrder.i32(theirs, at) == NetworkOrder.i32(bytes, packet)
                        && NetworkOrder.u8(theirs, at + 7) == NetworkOrder.u8(bytes, packet + 7);
        int tcp = at + transport;
        int ours = packet + transport;
        // Acknowledgment; offset, flags and window; options. There is no urgent data without its flag.
        if (!same
                || NetworkOrder.i32(theirs, tcp + 8) != NetworkOrder.i32(bytes, ours + 8)
                || ((NetworkOrder.i32(theirs, tcp + 12) ^ NetworkOrder.i32(bytes, ours + 12)) & WORDS_WITHOUT_PSH)
                        != 0) {
            return false;
        }
        for (int i = TcpHeader.LENGTH; i < headers - transport; i += 4) {
            if (NetworkOrder.i32(theirs, tcp + i) != NetworkOrder.i32(bytes, ours + i)) {
                return false;
            }
        }
        return true;
    }

    private void join(Flow flow) {
        int payload = length - headers;
        System.arraycopy(bytes, packet + headers, flow.bytes, VirtioNetHeader.LENGTH + flow.length, payload);
        flow.length += payload;
        flow.nextSequence += payload;
        flow.segments++;
        int flags = NetworkOrder.u8(bytes, packet + transport + 13);
        flow.bytes[VirtioNetHeader.LENGTH + transport + 13] |= (byte) flags;
        // What the sender wanted delivered is; and only the last segment may be short.
        flow.closed = payload < flow.size || (flags & TcpHeader.PSH) != 0;
    }

    private void begin(@Nullable Flow before, Sink sink) {
        Flow flow = before != null ? before : room(sink);
        System.arraycopy(bytes, packet, flow.bytes, VirtioNetHeader.LENGTH, length);
        flow.length = length;
        flow.transport = transport;
        flow.headers = headers;
        flow.size = length - headers;
        flow.nextSequence = NetworkOrder.i32(bytes, packet + transport + 4) + flow.size;
        flow.segments = 1;
        flow.closed = (NetworkOrder.u8(bytes, packet + transport + 13) & TcpHeader.PSH) != 0;
    }

    private Flow room(Sink sink) {
        for (int i = 0; i < FLOWS; i++) {
            Flow flow = flows[i];
            if (flow == null) {
                flow = new Flow();
                flows[i] = flow;
                return flow;
            }
            if (flow.segments == 0) {
                return flow;
            }
        }
        Flow flow = Objects.requireNonNull(flows[oldest]);
        oldest = (oldest + 1) % FLOWS;
        write(flow, sink);
        return flow;
    }

    private static void write(Flow flow, Sink sink) {
        if (flow.segments == 0) {
            return;
        }
        byte[] bytes = flow.bytes;
        int packet = VirtioNetHeader.LENGTH;
        if (flow.segments == 1) {
            VirtioNetHeader.plain(bytes, 0);
        } else {
            boolean four = flow.transport == Ipv4Header.LENGTH;
            int kind = four ? VirtioNetHeader.TCP4 : VirtioNetHeader.TCP6;
            VirtioNetHeader.segments(bytes, 0, kind, flow.headers, flow.size, flow.transport, 16);
            if (four) {
                NetworkOrder.put16(bytes, packet + 2, flow.length);
                NetworkOrder.put16(bytes, packet + 10, 0);
                int sum = InternetChecksum.sum(bytes, packet, flow.transport);
                NetworkOrder.put16(bytes, packet + 10, InternetChecksum.finish(sum));
            } else {
                NetworkOrder.put16(bytes, packet + 4, flow.length - Ipv6Header.LENGTH);
            }
            // Left for the kernel to complete, were it ever to leave this machine.
            long pseudo = pseudoHeader(bytes, packet, flow.transport, flow.length);
            NetworkOrder.put16(bytes, packet + flow.transport + 16, InternetChecksum.fold(pseudo));
        }
        sink.write(bytes, 0, packet + flow.length);
        flow.segments = 0;
    }
}
