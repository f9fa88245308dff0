package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The little of an IP header that the tunnel reads and, for ECN, writes (RFC 791, RFC 8200).
final class InnerPacket {
    static final int ECN_MASK = 3;
    static final int NOT_ECT = 0;
    static final int ECT1 = 1;
    static final int ECT0 = 2;
    static final int CE = 3;

    private static final int IPV4_HEADER_BYTES = 20;
    private static final int IPV6_HEADER_BYTES = 40;
    private static final VarHandle BE16 = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

    private InnerPacket() {}

    /// The length that the packet claims for itself, or 0 if it is no IP packet or claims more than `length` bytes.
    static int checkedLength(byte[] buffer, int offset, int length) {
        int claimed;
        int header;
        if (length >= IPV4_HEADER_BYTES && isIpv4(buffer, offset)) {
            header = IPV4_HEADER_BYTES;
            claimed = uint16(buffer, offset + 2);
        } else if (length >= IPV6_HEADER_BYTES && version(buffer, offset) == 6) {
            header = IPV6_HEADER_BYTES;
            claimed = IPV6_HEADER_BYTES + uint16(buffer, offset + 4);
        } else {
            return 0;
        }
        return claimed < header || claimed > length ? 0 : claimed;
    }

    static boolean isIpv4(byte[] buffer, int offset) {
        return version(buffer, offset) == 4;
    }

    static int addressBytes(byte[] buffer, int offset) {
        return isIpv4(buffer, offset) ? 4 : 16;
    }

    static int sourceOffset(byte[] buffer, int offset) {
        return offset + (isIpv4(buffer, offset) ? 12 : 8);
    }

    static int destinationOffset(byte[] buffer, int offset) {
        return offset + (isIpv4(buffer, offset) ? 16 : 24);
    }

    /// The two ECN bits (RFC 3168).
    static int ecn(byte[] buffer, int offset) {
        return (isIpv4(buffer, offset) ? buffer[offset + 1] : buffer[offset + 1] >> 4) & ECN_MASK;
    }

    /// Writes the two ECN bits; an IPv4 header checksum is brought along (RFC 1624).
    static void ecn(byte[] buffer, int offset, int ecn) {
        if (isIpv4(buffer, offset)) {
            int before = uint16(buffer, offset);
            buffer[offset + 1] = (byte) ((buffer[offset + 1] & ~ECN_MASK) | ecn);
            int sum = (~uint16(buffer, offset + 10) & 0xffff) + (~before & 0xffff) + uint16(buffer, offset);
            sum = (sum & 0xffff) + (sum >>> 16);
            sum = (sum & 0xffff) + (sum >>> 16);
            BE16.set(buffer, offset + 10, (short) ~sum);
        } else {
            buffer[offset + 1] = (byte) ((buffer[offset + 1] & ~(ECN_MASK << 4)) | (ecn << 4));
        }
    }

    /// Carries what routers marked outside over to the packet inside (RFC 6040 §4.2).
    ///
    /// @return false if the packet must be dropped: congestion was met, and its sender could not be told
    static boolean decapsulateEcn(byte[] buffer, int offset, int outer) {
        int inner = ecn(buffer, offset);
        if (outer == CE && inner == NOT_ECT) {
            return false;
        }
        if ((outer == CE && inner != CE) || (outer == ECT1 && inner == ECT0)) {
            ecn(buffer, offset, outer);
        }
        return true;
    }

    private static int version(byte[] buffer, int offset) {
        return (buffer[offset] >> 4) & 0xf;
    }

    private static int uint16(byte[] buffer, int offset) {
        return (short) BE16.get(buffer, offset) & 0xffff;
    }
}
