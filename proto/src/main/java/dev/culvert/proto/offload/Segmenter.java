package dev.culvert.proto.offload;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.inet.UdpHeader;

/// Cuts what the kernel sends through an interface with offloads into packets that are whole: lengths, sequence
/// numbers, flags and checksums. Owned by one thread; reused for every packet.
public final class Segmenter {
    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;

    private byte[] bytes = new byte[0];
    private int packet;
    private int end;
    private boolean tcp;
    private boolean four;
    private int transport;
    private int headers;
    private int size;
    private int sent;
    private int identification;
    private int sequence;
    private int flags;
    private int addresses;
    private boolean whole;
    private boolean more;

    /// A segmenter of nothing yet.
    public Segmenter() {}

    /// Begins with what one read has given: a header of virtio, then the packet. Both are written into.
    ///
    /// @return false if they do not fit together: nothing is to be had of them
    public boolean begin(byte[] source, int offset, int length) {
        more = false;
        if (length < VirtioNetHeader.LENGTH + Ipv4Header.LENGTH) {
            return false;
        }
        bytes = source;
        packet = offset + VirtioNetHeader.LENGTH;
        end = offset + length;
        sent = 0;
        transport = packet + VirtioNetHeader.checksumStart(source, offset);
        int checksum = transport + VirtioNetHeader.checksumOffset(source, offset);
        int kind = VirtioNetHeader.kind(source, offset);
        whole = kind == VirtioNetHeader.NONE;
        if (!whole) {
            more = beginSegments(kind, VirtioNetHeader.segmentSize(source, offset));
            return more;
        }
        if (VirtioNetHeader.needsChecksum(source, offset)) {
            if (checksum + 2 > end) {
                return false;
            }
            int sum = InternetChecksum.finish(InternetChecksum.sum(bytes, transport, end - transport));
            // Zero means "none" to UDP (RFC 768); to TCP both zeros are one (RFC 1071).
            NetworkOrder.put16(bytes, checksum, sum == 0 ? 0xffff : sum);
        }
        more = true;
        return true;
    }

    private boolean beginSegments(int kind, int segmentSize) {
        tcp = kind != VirtioNetHeader.UDP;
        if (tcp && kind != VirtioNetHeader.TCP4 && kind != VirtioNetHeader.TCP6) {
            return false;
        }
        four = NetworkOrder.u8(bytes, packet) >>> 4 == 4;
        int least = four ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        int room = tcp ? TcpHeader.LENGTH : UdpHeader.LENGTH;
        if (segmentSize == 0 || transport - packet < least || transport + room > end) {
            return false;
        }
        // Its own word for the length of the headers may cover the whole first segment where packets are forwarded.
        headers = transport - packet + (tcp ? (NetworkOrder.u8(bytes, transport + 12) >>> 4) * 4 : UdpHeader.LENGTH);
        if (headers < transport - packet + room || packet + headers > end) {
            return false;
        }
        size = segmentSize;
        remember();
        return true;
    }

    private void remember() {
        addresses = four
                ? InternetChecksum.sum(bytes, packet + 12, 8) + NetworkOrder.u8(bytes, packet + 9)
                : InternetChecksum.sum(bytes, packet + 8, 32) + (tcp ? 6 : 17);
        if (four) {
            identification = NetworkOrder.u16(bytes, packet + 4);
            NetworkOrder.put16(bytes, packet + 10, 0);
        }
        if (tcp) {
            sequence = NetworkOrder.i32(bytes, transport + 4);
            flags = NetworkOrder.u8(bytes, transport + 13);
            NetworkOrder.put16(bytes, transport + TCP_CHECKSUM, 0);
        } else {
            NetworkOrder.put16(bytes, transport + UDP_CHECKSUM, 0);
        }
    }

    /// The length of the longest packet that [#next] will write.
    public int longest() {
        int length = end - packet;
        return whole ? length : Math.min(length, headers + size);
    }

    /// Writes the next packet.
    ///
    /// @return its length, or 0 if there is none left
    public int next(byte[] out, int at) {
        if (!more) {
            return 0;
        }
        if (whole) {
            more = false;
            System.arraycopy(bytes, packet, out, at, end - packet);
            return end - packet;
        }
        int payload = Math.min(size, end - packet - headers - sent);
        System.arraycopy(bytes, packet, out, at, headers);
        System.arraycopy(bytes, packet + headers + sent, out, at + headers, payload);
        boolean last = packet + headers + sent + payload == end;
        finish(out, at, payload, last);
        sent += payload;
        more = !last;
        return headers + payload;
    }

    private void finish(byte[] out, int at, int payload, boolean last) {
        int length = headers + payload;
        int inner = at + transport - packet;
        int upper = length - (transport - packet);
        if (four) {
            NetworkOrder.put16(out, at + 2, length);
            NetworkOrder.put16(out, at + 4, identification + sent / size);
            int sum = InternetChecksum.sum(out, at, transport - packet);
            NetworkOrder.put16(out, at + 10, InternetChecksum.finish(sum));
        } else {
            NetworkOrder.put16(out, at + 4, length - Ipv6Header.LENGTH);
        }
        if (tcp) {
            NetworkOrder.put32(out, inner + 4, sequence + sent);
            NetworkOrder.put8(out, inner + 13, flags(last));
            NetworkOrder.put16(out, inner + TCP_CHECKSUM, checksum(out, inner, upper));
        } else {
            NetworkOrder.put16(out, inner + 4, upper);
            int sum = checksum(out, inner, upper);
            NetworkOrder.put16(out, inner + UDP_CHECKSUM, sum == 0 ? 0xffff : sum);
        }
    }

    /// The end is the last segment's, and that the window was reduced the first one's (RFC 3168 §6.1.2).
    private int flags(boolean last) {
        int all = flags;
        if (!last) {
            all &= ~(TcpHeader.FIN | TcpHeader.PSH);
        }
        return sent == 0 ? all : all & ~CWR;
    }

    private static final int CWR = 0x80;

    private int checksum(byte[] out, int inner, int upper) {
        return InternetChecksum.finish((long) addresses + upper + InternetChecksum.sum(out, inner, upper));
    }
}
