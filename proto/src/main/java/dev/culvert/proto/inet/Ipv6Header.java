package dev.culvert.proto.inet;

/// A reusable view of an IPv6 header (RFC 8200 §3) in the caller's array: `check` once, then the accessors cannot
/// fail.
public final class Ipv6Header {
    /// Bytes of the fixed header.
    public static final int LENGTH = 40;

    private byte[] bytes = new byte[LENGTH];
    private int offset;

    /// A view of nothing yet.
    public Ipv6Header() {}

    /// Looks at `length` bytes at `offset`; true if they hold a whole header and packet. Bytes beyond the payload
    /// length are padding; jumbograms are not understood.
    public boolean check(byte[] bytes, int offset, int length) {
        if (length < LENGTH
                || NetworkOrder.u8(bytes, offset) >>> 4 != 6
                || LENGTH + NetworkOrder.u16(bytes, offset + 4) > length) {
            return false;
        }
        this.bytes = bytes;
        this.offset = offset;
        return true;
    }

    public int payloadLength() {
        return NetworkOrder.u16(bytes, offset + 4);
    }

    /// The two ECN bits (RFC 3168 §5).
    public int ecn() {
        return bytes[offset + 1] >> 4 & 3;
    }

    /// The protocol of the payload or of the first extension header.
    public int nextHeader() {
        return NetworkOrder.u8(bytes, offset + 6);
    }

    public int hopLimit() {
        return NetworkOrder.u8(bytes, offset + 7);
    }

    public long sourceHigh() {
        return NetworkOrder.i64(bytes, offset + 8);
    }

    public long sourceLow() {
        return NetworkOrder.i64(bytes, offset + 16);
    }

    public long destinationHigh() {
        return NetworkOrder.i64(bytes, offset + 24);
    }

    public long destinationLow() {
        return NetworkOrder.i64(bytes, offset + 32);
    }

    /// Where the payload begins in the array given to `check`.
    public int payloadOffset() {
        return offset + LENGTH;
    }

    /// Writes the fixed header: hop limit 64, no traffic class, no flow label. Addresses are [AddressWords].
    public static void write(
            byte[] out,
            int offset,
            int payloadLength,
            int nextHeader,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow) {
        NetworkOrder.put32(out, offset, 0x6000_0000);
        NetworkOrder.put32(out, offset + 4, payloadLength << 16 | nextHeader << 8 | 64);
        NetworkOrder.put64(out, offset + 8, sourceHigh);
        NetworkOrder.put64(out, offset + 16, sourceLow);
        NetworkOrder.put64(out, offset + 24, destinationHigh);
        NetworkOrder.put64(out, offset + 32, destinationLow);
    }
}
