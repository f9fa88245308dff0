package dev.culvert.proto.inet;

/// A reusable view of a UDP header (RFC 768) in the caller's array: `check` once, then the accessors cannot fail.
public final class UdpHeader {
    public static final int LENGTH = 8;

    private byte[] bytes = new byte[LENGTH];
    private int offset;

    /// A view of nothing yet.
    public UdpHeader() {}

    /// Looks at `length` bytes at `offset`; true if they hold the whole datagram that the header announces.
    public boolean check(byte[] bytes, int offset, int length) {
        if (length < LENGTH) {
            return false;
        }
        int announced = NetworkOrder.u16(bytes, offset + 4);
        if (announced < LENGTH || announced > length) {
            return false;
        }
        this.bytes = bytes;
        this.offset = offset;
        return true;
    }

    public int sourcePort() {
        return NetworkOrder.u16(bytes, offset);
    }

    public int destinationPort() {
        return NetworkOrder.u16(bytes, offset + 2);
    }

    /// Header and payload.
    public int length() {
        return NetworkOrder.u16(bytes, offset + 4);
    }

    /// Whether the sender computed a checksum at all; IPv6 requires one (RFC 8200 §8.1).
    public boolean hasChecksum() {
        return NetworkOrder.u16(bytes, offset + 6) != 0;
    }

    public int payloadOffset() {
        return offset + LENGTH;
    }

    public int payloadLength() {
        return length() - LENGTH;
    }

    /// Writes header and checksum of a datagram of `length` bytes whose payload already stands behind it.
    public static void write(
            byte[] out, int offset, int sourcePort, int destinationPort, int length, long pseudoHeader) {
        NetworkOrder.put32(out, offset, sourcePort << 16 | destinationPort);
        NetworkOrder.put32(out, offset + 4, length << 16);
        int checksum = InternetChecksum.finish(pseudoHeader + length + InternetChecksum.sum(out, offset, length));
        // A computed zero is sent as its other representation: zero in the field means "none" (RFC 768).
        NetworkOrder.put16(out, offset + 6, checksum == 0 ? 0xffff : checksum);
    }
}
