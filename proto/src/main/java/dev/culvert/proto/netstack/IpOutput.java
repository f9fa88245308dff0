package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;

/// Writes the IP header of what leaves, of either family.
final class IpOutput {
    private IpOutput() {}

    static int headerLength(boolean ipv4) {
        return ipv4 ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
    }

    /// Writes the header before a payload of `length` bytes; returns where the payload goes.
    static int write(
            byte[] out,
            int offset,
            int length,
            int protocol,
            long sourceHigh,
            long sourceLow,
            long targetHigh,
            long targetLow) {
        if (AddressWords.isIpv4(sourceHigh, sourceLow)) {
            Ipv4Header.write(out, offset, Ipv4Header.LENGTH + length, protocol, (int) sourceLow, (int) targetLow);
            return offset + Ipv4Header.LENGTH;
        }
        Ipv6Header.write(out, offset, length, protocol, sourceHigh, sourceLow, targetHigh, targetLow);
        return offset + Ipv6Header.LENGTH;
    }

    /// Says of a packet with a header of [#write] that routers may mark it instead of dropping it (RFC 3168 §5).
    static void markable(byte[] out, int offset, boolean ipv4) {
        if (ipv4) {
            out[offset + 1] = Ecn.CAPABLE;
            // The header's checksum is brought along (RFC 1624).
            int sum = (~NetworkOrder.u16(out, offset + 10) & 0xffff) + Ecn.CAPABLE;
            NetworkOrder.put16(out, offset + 10, ~((sum & 0xffff) + (sum >>> 16)));
        } else {
            out[offset + 1] |= Ecn.CAPABLE << 4;
        }
    }
}
