package dev.culvert.proto.inet;

/// A reusable view of a TCP header (RFC 9293 §3.1) in the caller's array: `check` once, then the accessors cannot
/// fail.
public final class TcpHeader {
    /// Bytes of a header without options.
    public static final int LENGTH = 20;

    public static final int FIN = 0x01;
    public static final int SYN = 0x02;
    public static final int RST = 0x04;
    public static final int PSH = 0x08;
    public static final int ACK = 0x10;
    public static final int ECE = 0x40;
    public static final int CWR = 0x80;

    private byte[] bytes = new byte[LENGTH];
    private int offset;
    private int length;

    /// A view of nothing yet.
    public TcpHeader() {}

    /// Looks at `length` bytes at `offset`; true if the header with its options fits. Does not look at the
    /// checksum.
    public boolean check(byte[] bytes, int offset, int length) {
        if (length < LENGTH) {
            return false;
        }
        int header = (NetworkOrder.u8(bytes, offset + 12) >>> 4) * 4;
        if (header < LENGTH || header > length) {
            return false;
        }
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
        return true;
    }

    public int sourcePort() {
        return NetworkOrder.u16(bytes, offset);
    }

    public int destinationPort() {
        return NetworkOrder.u16(bytes, offset + 2);
    }

    public int sequence() {
        return NetworkOrder.i32(bytes, offset + 4);
    }

    public int acknowledgment() {
        return NetworkOrder.i32(bytes, offset + 8);
    }

    public int headerLength() {
        return (NetworkOrder.u8(bytes, offset + 12) >>> 4) * 4;
    }

    /// The eight control bits, CWR to FIN.
    public int flags() {
        return NetworkOrder.u8(bytes, offset + 13);
    }

    /// The window field, unscaled.
    public int window() {
        return NetworkOrder.u16(bytes, offset + 14);
    }

    public int optionsOffset() {
        return offset + LENGTH;
    }

    public int optionsLength() {
        return headerLength() - LENGTH;
    }

    public int payloadOffset() {
        return offset + headerLength();
    }

    public int payloadLength() {
        return length - headerLength();
    }

    /// Writes the fixed part for a header of `headerLength` bytes, checksum and urgent pointer zero; see
    /// [#writeChecksum].
    public static void write(
            byte[] out,
            int offset,
            int sourcePort,
            int destinationPort,
            int sequence,
            int acknowledgment,
            int headerLength,
            int flags,
            int window) {
        NetworkOrder.put32(out, offset, sourcePort << 16 | destinationPort);
        NetworkOrder.put32(out, offset + 4, sequence);
        NetworkOrder.put32(out, offset + 8, acknowledgment);
        NetworkOrder.put32(out, offset + 12, ((headerLength / 4) << 28) | flags << 16 | window);
        NetworkOrder.put32(out, offset + 16, 0);
    }

    /// Fills in the checksum of a whole segment of `length` bytes.
    public static void writeChecksum(byte[] out, int offset, int length, long pseudoHeader) {
        long sum = pseudoHeader + length + InternetChecksum.sum(out, offset, length);
        NetworkOrder.put16(out, offset + 16, InternetChecksum.finish(sum));
    }
}
