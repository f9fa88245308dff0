package dev.culvert.proto.offload;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;

/// Lowers the maximum segment size that a SYN announces to what a path carries (RFC 9293 §3.7.1, RFC 6691): then both
/// ends make segments that fit, also where neither hears that others do not.
///
/// A SYN that announces none is left alone: its other end takes 536 or 1220 bytes, which every tunnel carries.
public final class MssClamp {
    private static final int END = 0;
    private static final int NO_OPERATION = 1;
    private static final int MSS = 2;
    private static final int MSS_LENGTH = 4;
    private static final int CHECKSUM = 16;
    private static final int FRAGMENT_OFFSET = 0x1fff;

    private MssClamp() {}

    /// Whether these bytes are an IP packet with the first segment of a TCP connection, of either side. Cheap: asked of
    /// every packet.
    public static boolean isSyn(byte[] bytes, int offset, int length) {
        int tcp = tcp(bytes, offset, length);
        return tcp > 0 && (NetworkOrder.u8(bytes, tcp + 13) & TcpHeader.SYN) != 0;
    }

    /// Clamps a packet for which [#isSyn] holds, and mends its checksum (RFC 1624).
    ///
    /// @param mtu the largest packet that the path carries
    /// @return whether anything was changed
    public static boolean clamp(byte[] bytes, int offset, int length, int mtu) {
        int tcp = tcp(bytes, offset, length);
        if (tcp <= 0) {
            return false;
        }
        boolean four = NetworkOrder.u8(bytes, offset) >>> 4 == 4;
        int largest = mtu - TcpHeader.LENGTH - (four ? Ipv4Header.LENGTH : Ipv6Header.LENGTH);
        int at = announced(bytes, tcp, offset + length);
        if (at < 0 || largest <= 0 || NetworkOrder.u16(bytes, at) <= largest) {
            return false;
        }
        replace(bytes, tcp, at, largest);
        return true;
    }

    /// Where the TCP header begins, or -1: a header without room, another protocol, a later fragment.
    private static int tcp(byte[] bytes, int offset, int length) {
        if (length < Ipv4Header.LENGTH + TcpHeader.LENGTH) {
            return -1;
        }
        int header;
        int protocol;
        if (NetworkOrder.u8(bytes, offset) >>> 4 == 4) {
            header = (bytes[offset] & 0xf) * 4;
            boolean later = (NetworkOrder.u16(bytes, offset + 6) & FRAGMENT_OFFSET) != 0;
            protocol = later ? -1 : NetworkOrder.u8(bytes, offset + 9);
        } else {
            header = Ipv6Header.LENGTH;
            protocol = NetworkOrder.u8(bytes, offset + 6);
        }
        boolean fits = header >= Ipv4Header.LENGTH && header + TcpHeader.LENGTH <= length;
        return fits && protocol == IpProtocol.TCP ? offset + header : -1;
    }

    /// Where the value of the option stands, or -1.
    private static int announced(byte[] bytes, int tcp, int end) {
        int last = Math.min(end, tcp + (NetworkOrder.u8(bytes, tcp + 12) >>> 4) * 4);
        int at = tcp + TcpHeader.LENGTH;
        while (at < last) {
            int kind = NetworkOrder.u8(bytes, at);
            if (kind == NO_OPERATION) {
                at++;
                continue;
            }
            int size = kind != END && at + 1 < last ? NetworkOrder.u8(bytes, at + 1) : 0;
            if (size < 2 || at + size > last) {
                return -1;
            }
            if (kind == MSS) {
                return size == MSS_LENGTH ? at + 2 : -1;
            }
            at += size;
        }
        return -1;
    }

    /// HC' = ~(~HC + ~m + m') (RFC 1624 §3), over the two words that the value may lie across.
    private static void replace(byte[] bytes, int tcp, int at, int value) {
        int first = tcp + ((at - tcp) & ~1);
        int words = (at - tcp & 1) + 1;
        long sum = ~NetworkOrder.u16(bytes, tcp + CHECKSUM) & 0xffff;
        for (int i = 0; i < words; i++) {
            sum += ~NetworkOrder.u16(bytes, first + 2 * i) & 0xffff;
        }
        NetworkOrder.put16(bytes, at, value);
        for (int i = 0; i < words; i++) {
            sum += NetworkOrder.u16(bytes, first + 2 * i);
        }
        NetworkOrder.put16(bytes, tcp + CHECKSUM, InternetChecksum.finish(sum));
    }
}
