package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import org.jspecify.annotations.Nullable;

/// Judges the IP header of what arrives and finds the payload (RFC 791, RFC 8200 §4, RFC 1122 §3.2.1).
final class IpInput {
    private static final int MAX_EXTENSION_HEADERS = 4;

    private final LocalAddresses local;
    private final Ipv4Header v4 = new Ipv4Header();
    private final Ipv6Header v6 = new Ipv6Header();

    IpInput(LocalAddresses local) {
        this.local = local;
    }

    /// Fills in `packet` from `length` bytes at `offset`; returns why they must be dropped, or null.
    @Nullable
    Drop parse(Packet packet, byte[] bytes, int offset, int length) {
        packet.bytes = bytes;
        packet.start = offset;
        if (v4.check(bytes, offset, length)) {
            return parseIpv4(packet);
        }
        return v6.check(bytes, offset, length) ? parseIpv6(packet) : Drop.MALFORMED_IP;
    }

    private @Nullable Drop parseIpv4(Packet packet) {
        if (!v4.isChecksumValid()) {
            return Drop.BAD_IP_CHECKSUM;
        }
        packet.ipv4 = true;
        packet.protocol = v4.protocol();
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
        return v4.isFragment() ? Drop.FRAGMENT : null;
    }

    private @Nullable Drop parseIpv6(Packet packet) {
        packet.ipv4 = false;
        packet.protocol = v6.nextHeader();
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
        return skipExtensions(packet);
    }

    private boolean isMartian(long high, long low) {
        boolean multicast = high >>> 56 == 0xff;
        boolean unspecifiedOrLoopback = high == 0 && (low == 0 || low == 1);
        return multicast || unspecifiedOrLoopback || AddressWords.isIpv4(high, low) || local.contains(high, low);
    }

    private static @Nullable Drop skipExtensions(Packet packet) {
        for (int seen = 0; ; seen++) {
            if (packet.protocol == IpProtocol.FRAGMENT) {
                return Drop.FRAGMENT;
            }
            // Hop-by-hop options may only come first (RFC 8200 §4.1).
            boolean options = packet.protocol == IpProtocol.DESTINATION_OPTIONS
                    || (packet.protocol == IpProtocol.HOP_BY_HOP && seen == 0);
            if (!options) {
                return isUnknownExtension(packet.protocol) ? Drop.EXTENSION_HEADER : null;
            }
            if (seen == MAX_EXTENSION_HEADERS || !skipOptions(packet)) {
                return Drop.EXTENSION_HEADER;
            }
        }
    }

    /// Routing, authentication, mobility, HIP, Shim6, and hop-by-hop where it must not be.
    private static boolean isUnknownExtension(int protocol) {
        return switch (protocol) {
            case IpProtocol.HOP_BY_HOP, 43, 51, 135, 139, 140 -> true;
            default -> false;
        };
    }

    private static boolean skipOptions(Packet packet) {
        byte[] bytes = packet.bytes;
        int at = packet.payload;
        if (packet.payloadLength < 8) {
            return false;
        }
        int size = 8 + 8 * NetworkOrder.u8(bytes, at + 1);
        if (size > packet.payloadLength || !areSkippable(bytes, at + 2, at + size)) {
            return false;
        }
        packet.protocol = NetworkOrder.u8(bytes, at);
        packet.payload += size;
        packet.payloadLength -= size;
        return true;
    }

    /// Whether all options are padding or, by their two highest bits, may be skipped (RFC 8200 §4.2).
    private static boolean areSkippable(byte[] bytes, int from, int end) {
        int at = from;
        while (at < end) {
            int type = NetworkOrder.u8(bytes, at);
            if (type == 0) {
                at++;
                continue;
            }
            if ((type & 0xc0) != 0 || at + 1 == end) {
                return false;
            }
            at += 2 + NetworkOrder.u8(bytes, at + 1);
        }
        return at == end;
    }
}
