package dev.culvert.proto.inet;

/// A reusable view of an ICMP or ICMPv6 header (RFC 792, RFC 4443 §2.1) in the caller's array: `check` once, then
/// the accessors cannot fail.
public final class IcmpHeader {
    public static final int LENGTH = 8;

    public static final int V4_ECHO_REPLY = 0;
    public static final int V4_UNREACHABLE = 3;
    public static final int V4_ECHO_REQUEST = 8;

    public static final int V4_TIME_EXCEEDED = 11;
    public static final int V4_PARAMETER_PROBLEM = 12;

    public static final int V6_UNREACHABLE = 1;
    public static final int V6_PACKET_TOO_BIG = 2;
    public static final int V6_TIME_EXCEEDED = 3;
    public static final int V6_PARAMETER_PROBLEM = 4;
    public static final int V6_ECHO_REQUEST = 128;
    public static final int V6_ECHO_REPLY = 129;

    private byte[] bytes = new byte[LENGTH];
    private int offset;
    private int length;

    /// A view of nothing yet.
    public IcmpHeader() {}

    /// Looks at `length` bytes at `offset`; true if they hold a header. Does not look at the checksum.
    public boolean check(byte[] bytes, int offset, int length) {
        if (length < LENGTH) {
            return false;
        }
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
        return true;
    }

    public int type() {
        return NetworkOrder.u8(bytes, offset);
    }

    public int code() {
        return NetworkOrder.u8(bytes, offset + 1);
    }

    /// The second word: of an echo message identifier and sequence number.
    public int rest() {
        return NetworkOrder.i32(bytes, offset + 4);
    }

    public int identifier() {
        return rest() >>> 16;
    }

    public int sequence() {
        return rest() & 0xffff;
    }

    /// What follows the header: echo data, or the packet an error is about.
    public int payloadOffset() {
        return offset + LENGTH;
    }

    public int payloadLength() {
        return length - LENGTH;
    }

    /// Writes header and checksum of a message of `length` bytes whose payload already stands behind it.
    ///
    /// @param pseudoHeader zero for ICMP; for ICMPv6 [InternetChecksum#pseudoHeader] plus the length
    public static void write(byte[] out, int offset, int length, int type, int code, int rest, long pseudoHeader) {
        NetworkOrder.put32(out, offset, type << 24 | code << 16);
        NetworkOrder.put32(out, offset + 4, rest);
        NetworkOrder.put16(
                out, offset + 2, InternetChecksum.finish(pseudoHeader + InternetChecksum.sum(out, offset, length)));
    }
}
