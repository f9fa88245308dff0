package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.NetworkOrder;

/// The TCP options this stack knows, read into fields that are used again for each segment, and written: maximum
/// segment size, window scale, SACK (RFC 2018) and timestamps (RFC 7323).
final class TcpOptions {
    static final int MAX_SACK_BLOCKS = 4;
    static final int TIMESTAMP_BYTES = 12;
    static final int MAX_SHIFT = 14;

    private static final int END = 0;
    private static final int NOP = 1;
    private static final int MSS = 2;
    private static final int WINDOW_SCALE = 3;
    private static final int SACK_PERMITTED = 4;
    private static final int SACK = 5;
    private static final int TIMESTAMPS = 8;

    /// 0 if absent.
    int mss;
    /// -1 if absent.
    int windowShift;
    boolean sackPermitted;
    boolean hasTimestamps;
    int timestampValue;
    int timestampEcho;
    int sackCount;
    final int[] sackStarts = new int[MAX_SACK_BLOCKS];
    final int[] sackEnds = new int[MAX_SACK_BLOCKS];

    /// Reads the options of a segment; an option whose length cannot be ends the list, as other stacks do.
    void parse(byte[] bytes, int offset, int length) {
        mss = 0;
        windowShift = -1;
        sackPermitted = false;
        hasTimestamps = false;
        sackCount = 0;
        int at = offset;
        int end = offset + length;
        while (at < end) {
            int kind = bytes[at];
            if (kind == END) {
                return;
            }
            if (kind == NOP) {
                at++;
                continue;
            }
            int size = at + 1 < end ? NetworkOrder.u8(bytes, at + 1) : 0;
            if (size < 2 || at + size > end) {
                return;
            }
            parseOne(bytes, at, kind, size);
            at += size;
        }
    }

    private void parseOne(byte[] bytes, int at, int kind, int size) {
        if (kind == TIMESTAMPS && size == 10) {
            hasTimestamps = true;
            timestampValue = NetworkOrder.i32(bytes, at + 2);
            timestampEcho = NetworkOrder.i32(bytes, at + 6);
        } else if (kind == SACK && size % 8 == 2) {
            int blocks = Math.min(MAX_SACK_BLOCKS, (size - 2) / 8);
            for (int i = 0; i < blocks; i++) {
                sackStarts[i] = NetworkOrder.i32(bytes, at + 2 + 8 * i);
                sackEnds[i] = NetworkOrder.i32(bytes, at + 6 + 8 * i);
            }
            sackCount = blocks;
        } else if (kind == MSS && size == 4) {
            mss = NetworkOrder.u16(bytes, at + 2);
        } else if (kind == WINDOW_SCALE && size == 3) {
            // RFC 7323 §2.3: a larger shift counts as 14.
            windowShift = Math.min(NetworkOrder.u8(bytes, at + 2), MAX_SHIFT);
        } else if (kind == SACK_PERMITTED && size == 2) {
            sackPermitted = true;
        }
    }

    /// Whether the first SACK block tells of what had arrived before: it lies below the acknowledgment, or within
    /// the second block (RFC 2883 §4).
    boolean isDuplicateReport(int ack) {
        if (sackCount == 0) {
            return false;
        }
        boolean within = sackCount > 1
                && SeqNum.atLeast(sackStarts[0], sackStarts[1])
                && SeqNum.atMost(sackEnds[0], sackEnds[1]);
        return within || SeqNum.atMost(sackEnds[0], ack);
    }

    static int writeMss(byte[] out, int offset, int mss) {
        NetworkOrder.put32(out, offset, MSS << 24 | 4 << 16 | mss);
        return offset + 4;
    }

    static int writeWindowScale(byte[] out, int offset, int shift) {
        NetworkOrder.put32(out, offset, NOP << 24 | WINDOW_SCALE << 16 | 3 << 8 | shift);
        return offset + 4;
    }

    static int writeSackPermitted(byte[] out, int offset) {
        NetworkOrder.put32(out, offset, NOP << 24 | NOP << 16 | SACK_PERMITTED << 8 | 2);
        return offset + 4;
    }

    static int writeTimestamps(byte[] out, int offset, int value, int echo) {
        NetworkOrder.put32(out, offset, NOP << 24 | NOP << 16 | TIMESTAMPS << 8 | 10);
        NetworkOrder.put32(out, offset + 4, value);
        NetworkOrder.put32(out, offset + 8, echo);
        return offset + TIMESTAMP_BYTES;
    }

    static int sackBytes(int blocks) {
        return blocks == 0 ? 0 : 4 + 8 * blocks;
    }

    static int writeSack(byte[] out, int offset, int[] starts, int[] ends, int blocks) {
        NetworkOrder.put32(out, offset, NOP << 24 | NOP << 16 | SACK << 8 | (2 + 8 * blocks));
        int at = offset + 4;
        for (int i = 0; i < blocks; i++) {
            NetworkOrder.put32(out, at, starts[i]);
            NetworkOrder.put32(out, at + 4, ends[i]);
            at += 8;
        }
        return at;
    }
}
