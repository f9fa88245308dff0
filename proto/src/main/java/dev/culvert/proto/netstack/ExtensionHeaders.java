package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.NetworkOrder;
import org.jspecify.annotations.Nullable;

/// Steps over the extension headers of an IPv6 packet (RFC 8200 §4), up to a fragment header or the payload. What
/// the sender should be told of is left in the packet (RFC 4443 §3.4).
final class ExtensionHeaders {
    private static final int MOST = 8;
    private static final int NO_NEXT_HEADER = 59;
    private static final int BAD_FIELD = 0;
    private static final int UNKNOWN_HEADER = 1;
    private static final int UNKNOWN_OPTION = 2;

    private ExtensionHeaders() {}

    /// Moves `packet` to its payload; returns why it must be dropped, or null.
    @Nullable
    static Drop skip(Packet packet) {
        for (int seen = 0; seen <= MOST; seen++) {
            switch (packet.protocol) {
                case IpProtocol.HOP_BY_HOP -> {
                    // Only right behind the header (§4.1).
                    if (packet.nextHeaderAt != packet.start + 6) {
                        return problem(packet, UNKNOWN_HEADER, packet.nextHeaderAt);
                    }
                    if (!skipOptions(packet)) {
                        return Drop.EXTENSION_HEADER;
                    }
                }
                case IpProtocol.DESTINATION_OPTIONS -> {
                    if (!skipOptions(packet)) {
                        return Drop.EXTENSION_HEADER;
                    }
                }
                case IpProtocol.ROUTING -> {
                    if (!skipRouting(packet)) {
                        return Drop.EXTENSION_HEADER;
                    }
                }
                case NO_NEXT_HEADER -> {
                    return Drop.UNKNOWN_PROTOCOL;
                }
                case IpProtocol.FRAGMENT -> {
                    return packet.payloadLength < 8 ? Drop.EXTENSION_HEADER : null;
                }
                default -> {
                    return isPayload(packet.protocol) ? null : problem(packet, UNKNOWN_HEADER, packet.nextHeaderAt);
                }
            }
        }
        return Drop.EXTENSION_HEADER;
    }

    /// Not authentication, encapsulation, mobility, HIP, Shim6.
    private static boolean isPayload(int protocol) {
        return switch (protocol) {
            case 50, 51, 135, 139, 140 -> false;
            default -> true;
        };
    }

    private static Drop problem(Packet packet, int code, int at) {
        packet.problem = code;
        packet.problemAt = at - packet.start;
        return Drop.EXTENSION_HEADER;
    }

    private static boolean skipOptions(Packet packet) {
        int size = size(packet);
        return size > 0 && areSkippable(packet, packet.payload + 2, packet.payload + size) && step(packet, size);
    }

    /// A routing header that is done with is stepped over, any other is none of ours (§4.4; RFC 5095).
    private static boolean skipRouting(Packet packet) {
        int size = size(packet);
        if (size > 0 && packet.bytes[packet.payload + 3] != 0) {
            problem(packet, BAD_FIELD, packet.payload + 2);
            return false;
        }
        return size > 0 && step(packet, size);
    }

    private static int size(Packet packet) {
        if (packet.payloadLength < 8) {
            return 0;
        }
        int size = 8 + 8 * NetworkOrder.u8(packet.bytes, packet.payload + 1);
        return size > packet.payloadLength ? 0 : size;
    }

    /// Goes on to the header behind this one of `size` bytes.
    static boolean step(Packet packet, int size) {
        packet.protocol = NetworkOrder.u8(packet.bytes, packet.payload);
        packet.nextHeaderAt = packet.payload;
        packet.payload += size;
        packet.payloadLength -= size;
        return true;
    }

    /// Whether all options are padding or, by their two highest bits, may be skipped (§4.2).
    private static boolean areSkippable(Packet packet, int from, int end) {
        byte[] bytes = packet.bytes;
        int at = from;
        while (at < end) {
            int type = NetworkOrder.u8(bytes, at);
            if (type == 0) {
                at++;
                continue;
            }
            if ((type & 0x80) != 0) {
                problem(packet, UNKNOWN_OPTION, at);
            }
            if ((type & 0xc0) != 0 || at + 1 == end) {
                return false;
            }
            at += 2 + NetworkOrder.u8(bytes, at + 1);
        }
        return at == end;
    }
}
