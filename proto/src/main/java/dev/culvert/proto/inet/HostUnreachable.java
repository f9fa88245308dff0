package dev.culvert.proto.inet;

/// The ICMP error for a packet to a host that cannot be reached (RFC 792, RFC 4443 §3.1). It comes from the host
/// itself:
/// whoever carries packets for others has no address of their network, and the kernel takes none of its own from
/// outside.
public final class HostUnreachable {
    /// Room for the largest: all that the minimum MTU of IPv6 permits.
    public static final int LONGEST = 1280;

    // RFC 1812 §4.3.2.3
    private static final int LONGEST_V4 = 576;
    private static final int V4_HOST_UNREACHABLE = 1;
    private static final int V6_ADDRESS_UNREACHABLE = 3;
    private static final int FRAGMENT_OFFSET = 0x1fff;

    private HostUnreachable() {}

    /// Writes the answer to an IP packet whose lengths were checked.
    ///
    /// @return its length, or 0: nobody must answer that packet (RFC 1122 §3.2.2, RFC 4443 §2.4)
    public static int write(byte[] packet, int offset, int length, byte[] out, int at) {
        return NetworkOrder.u8(packet, offset) >>> 4 == 4
                ? write4(packet, offset, length, out, at)
                : write6(packet, offset, length, out, at);
    }

    @SuppressWarnings("ArgumentSelectionDefectChecker") // an answer goes the other way
    private static int write4(byte[] packet, int offset, int length, byte[] out, int at) {
        int payload = offset + (packet[offset] & 0xf) * 4;
        int source = NetworkOrder.i32(packet, offset + 12);
        int destination = NetworkOrder.i32(packet, offset + 16);
        boolean laterFragment = (NetworkOrder.u16(packet, offset + 6) & FRAGMENT_OFFSET) != 0;
        if (laterFragment || !isHost4(source) || !isHost4(destination) || isError4(packet, offset, payload, length)) {
            return 0;
        }
        int message = IcmpHeader.LENGTH + Math.min(length, LONGEST_V4 - Ipv4Header.LENGTH - IcmpHeader.LENGTH);
        int icmp = at + Ipv4Header.LENGTH;
        System.arraycopy(packet, offset, out, icmp + IcmpHeader.LENGTH, message - IcmpHeader.LENGTH);
        Ipv4Header.write(out, at, Ipv4Header.LENGTH + message, IpProtocol.ICMP, destination, source);
        IcmpHeader.write(out, icmp, message, IcmpHeader.V4_UNREACHABLE, V4_HOST_UNREACHABLE, 0, 0);
        return Ipv4Header.LENGTH + message;
    }

    private static boolean isError4(byte[] packet, int offset, int payload, int length) {
        if (NetworkOrder.u8(packet, offset + 9) != IpProtocol.ICMP || payload >= offset + length) {
            return false;
        }
        int type = NetworkOrder.u8(packet, payload);
        return type != IcmpHeader.V4_ECHO_REQUEST && type != IcmpHeader.V4_ECHO_REPLY;
    }

    /// Neither "this network", loopback, multicast, reserved nor the broadcast address.
    private static boolean isHost4(int address) {
        int first = address >>> 24;
        return first != 0 && first != 127 && first < 224;
    }

    @SuppressWarnings("ArgumentSelectionDefectChecker") // an answer goes the other way
    private static int write6(byte[] packet, int offset, int length, byte[] out, int at) {
        long sourceHigh = NetworkOrder.i64(packet, offset + 8);
        long sourceLow = NetworkOrder.i64(packet, offset + 16);
        long destinationHigh = NetworkOrder.i64(packet, offset + 24);
        long destinationLow = NetworkOrder.i64(packet, offset + 32);
        boolean error = NetworkOrder.u8(packet, offset + 6) == IpProtocol.ICMPV6
                && length > Ipv6Header.LENGTH
                && NetworkOrder.u8(packet, offset + Ipv6Header.LENGTH) < IcmpHeader.V6_ECHO_REQUEST;
        if (error || !isHost6(sourceHigh, sourceLow) || !isHost6(destinationHigh, destinationLow)) {
            return 0;
        }
        int message = IcmpHeader.LENGTH + Math.min(length, LONGEST - Ipv6Header.LENGTH - IcmpHeader.LENGTH);
        int icmp = at + Ipv6Header.LENGTH;
        System.arraycopy(packet, offset, out, icmp + IcmpHeader.LENGTH, message - IcmpHeader.LENGTH);
        Ipv6Header.write(out, at, message, IpProtocol.ICMPV6, destinationHigh, destinationLow, sourceHigh, sourceLow);
        long pseudo = message
                + InternetChecksum.pseudoHeader(
                        destinationHigh, destinationLow, sourceHigh, sourceLow, IpProtocol.ICMPV6);
        IcmpHeader.write(out, icmp, message, IcmpHeader.V6_UNREACHABLE, V6_ADDRESS_UNREACHABLE, 0, pseudo);
        return Ipv6Header.LENGTH + message;
    }

    /// Neither unspecified, loopback nor multicast.
    private static boolean isHost6(long high, long low) {
        return high >>> 56 != 0xff && (high != 0 || low >>> 1 != 0);
    }
}
