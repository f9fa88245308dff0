package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import org.jspecify.annotations.Nullable;

/// Judges the IP header of what arrives and finds the payload (RFC 791, RFC 8200 §4, RFC 1122 §3.2.1).
final class IpInput {
    private final LocalAddresses local;
    private final Ipv4Header v4 = new Ipv4Header();
    private final Ipv6Header v6 = new Ipv6Header();
    private final FragmentReassembly fragments;

    IpInput(LocalAddresses local, FragmentReassembly fragments) {
        this.local = local;
        this.fragments = fragments;
    }

    /// Fills in `packet` from `length` bytes at `offset`; returns why they must be dropped, or null. A fragment that
    /// makes no packet whole is neither: it is `incomplete`.
    @Nullable
    Drop parse(Packet packet, byte[] bytes, int offset, int length, long now) {
        packet.bytes = bytes;
        packet.start = offset;
        packet.incomplete = false;
        packet.problem = -1;
        if (v4.check(bytes, offset, length)) {
            return parseIpv4(packet, now);
        }
        return v6.check(bytes, offset, length) ? parseIpv6(packet, now) : Drop.MALFORMED_IP;
    }

    private @Nullable Drop parseIpv4(Packet packet, long now) {
        if (!v4.isChecksumValid()) {
            return Drop.BAD_IP_CHECKSUM;
        }
        packet.ipv4 = true;
        packet.protocol = v4.protocol();
        packet.ecn = v4.ecn();
        packet.sourceHigh = 0;
        packet.sourceLow = AddressWords.ipv4Low(v4.source());
        packet.targetHigh = 0;
        packet.targetLow = AddressWords.ipv4Low(v4.destination());
        packet.payload = v4.payloadOffset();
        packet.payloadLength = v4.payloadLength();
        if (!local.contains(0, packet.targetLow)) {
            return Drop.NOT_FOR_US;
        }
        int net = v4.source() >>> 24;
        // 0/8, 127/8, 224/4 and 240/4 (RFC 1122 §3.2.1.3), and our own address: a forged reflection.
        if (net == 0 || net == 127 || net >= 224 || local.contains(0, packet.sourceLow)) {
            return Drop.MARTIAN_SOURCE;
        }
        return v4.isFragment()
                ? fragments.add(packet, v4.identification(), v4.fragmentOffset(), v4.hasMoreFragments(), now)
                : null;
    }

    private @Nullable Drop parseIpv6(Packet packet, long now) {
        packet.ipv4 = false;
        packet.protocol = v6.nextHeader();
        packet.ecn = v6.ecn();
        packet.sourceHigh = v6.sourceHigh();
        packet.sourceLow = v6.sourceLow();
        packet.targetHigh = v6.destinationHigh();
        packet.targetLow = v6.destinationLow();
        packet.payload = v6.payloadOffset();
        packet.payloadLength = v6.payloadLength();
        boolean mapped = AddressWords.isIpv4(packet.targetHigh, packet.targetLow);
        if (mapped || !local.contains(packet.targetHigh, packet.targetLow)) {
            return Drop.NOT_FOR_US;
        }
        if (isMartian(packet.sourceHigh, packet.sourceLow)) {
            return Drop.MARTIAN_SOURCE;
        }
        packet.nextHeaderAt = packet.start + 6;
        return skipExtensions(packet, now);
    }

    private boolean isMartian(long high, long low) {
        boolean multicast = high >>> 56 == 0xff;
        boolean unspecifiedOrLoopback = high == 0 && (low == 0 || low == 1);
        return multicast || unspecifiedOrLoopback || AddressWords.isIpv4(high, low) || local.contains(high, low);
    }

    private @Nullable Drop skipExtensions(Packet packet, long now) {
        boolean wasCut = false;
        while (true) {
            Drop reason = ExtensionHeaders.skip(packet);
            if (reason != null || packet.protocol != IpProtocol.FRAGMENT) {
                return reason;
            }
            if (wasCut) {
                return Drop.EXTENSION_HEADER;
            }
            wasCut = true;
            int field = NetworkOrder.u16(packet.bytes, packet.payload + 2);
            int id = NetworkOrder.i32(packet.bytes, packet.payload + 4);
            ExtensionHeaders.step(packet, 8);
            // One that is no fragment of anything stands for itself (RFC 6946).
            if ((field & 0xfff9) != 0) {
                Drop refused = fragments.add(packet, id, field & 0xfff8, (field & 1) != 0, now);
                if (refused != null || packet.incomplete) {
                    return refused;
                }
            }
        }
    }
}
