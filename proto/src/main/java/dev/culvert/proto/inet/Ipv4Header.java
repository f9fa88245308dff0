package dev.culvert.proto.inet;

/// A reusable view of an IPv4 header (RFC 791 §3.1) in the caller's array: `check` once, then the accessors
/// cannot fail.
public final class Ipv4Header {
    /// Bytes of a header without options, as [#write] makes it.
    public static final int LENGTH = 20;

    private static final int DONT_FRAGMENT = 0x4000;

    private byte[] bytes = new byte[LENGTH];
    private int offset;

    /// A view of nothing yet.
    public Ipv4Header() {}

    /// Looks at `length` bytes at `offset`; true if they hold a whole header and packet. Bytes beyond the total
    /// length are padding. Does not look at the checksum.
    public boolean check(byte[] bytes, int offset, int length) {
        if (length < LENGTH || NetworkOrder.u8(bytes, offset) >>> 4 != 4) {
            return false;
        }
        int header = (bytes[offset] & 0xf) * 4;
        int total = NetworkOrder.u16(bytes, offset + 2);
        if (header < LENGTH || total < header || total > length) {
            return false;
        }
        this.bytes = bytes;
        this.offset = offset;
        return true;
    }

    public boolean isChecksumValid() {
        return InternetChecksum.sum(bytes, offset, headerLength()) == 0xffff;
    }

    public int headerLength() {
        return (bytes[offset] & 0xf) * 4;
    }

    public int totalLength() {
        return NetworkOrder.u16(bytes, offset + 2);
    }

    /// Whether this is one of several fragments: more follow, or it is not the first.
    public boolean isFragment() {
        return (NetworkOrder.u16(bytes, offset + 6) & 0x3fff) != 0;
    }

    public int identification() {
        return NetworkOrder.u16(bytes, offset + 4);
    }

    /// Where a fragment lies in its packet, in bytes.
    public int fragmentOffset() {
        return (NetworkOrder.u16(bytes, offset + 6) & 0x1fff) * 8;
    }

    public boolean hasMoreFragments() {
        return (bytes[offset + 6] & 0x20) != 0;
    }

    /// The two ECN bits (RFC 3168 §5).
    public int ecn() {
        return bytes[offset + 1] & 3;
    }

    public int timeToLive() {
        return NetworkOrder.u8(bytes, offset + 8);
    }

    public int protocol() {
        return NetworkOrder.u8(bytes, offset + 9);
    }

    public int source() {
        return NetworkOrder.i32(bytes, offset + 12);
    }

    public int destination() {
        return NetworkOrder.i32(bytes, offset + 16);
    }

    /// Where the payload begins in the array given to `check`.
    public int payloadOffset() {
        return offset + headerLength();
    }

    public int payloadLength() {
        return totalLength() - headerLength();
    }

    /// Writes a header of [#LENGTH] bytes without options: TTL 64, do not fragment, identification 0 (an atomic
    /// datagram, RFC 6864 §4.1).
    public static void write(byte[] out, int offset, int totalLength, int protocol, int source, int destination) {
        NetworkOrder.put32(out, offset, 0x4500_0000 | totalLength);
        NetworkOrder.put32(out, offset + 4, DONT_FRAGMENT);
        NetworkOrder.put32(out, offset + 8, 64 << 24 | protocol << 16);
        NetworkOrder.put32(out, offset + 12, source);
        NetworkOrder.put32(out, offset + 16, destination);
        NetworkOrder.put16(out, offset + 10, InternetChecksum.finish(InternetChecksum.sum(out, offset, LENGTH)));
    }
}
