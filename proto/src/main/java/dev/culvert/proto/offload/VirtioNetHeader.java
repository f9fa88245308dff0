package dev.culvert.proto.offload;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// `struct virtio_net_hdr` (virtio 1.2 §5.1.6), as IFF_VNET_HDR puts it before each packet: 10 bytes in the machine's
/// own order, the same on x86-64 and aarch64.
///
/// | offset | field |
/// |--:|---|
/// | 0 | flags |
/// | 1 | kind of segmentation |
/// | 2 | length of the headers |
/// | 4 | payload bytes of each segment |
/// | 6 | where the checksummed part begins |
/// | 8 | where in it the checksum stands |
public final class VirtioNetHeader {
    public static final int LENGTH = 10;

    /// The checksum holds the sum of the pseudo-header, and is to be completed.
    static final int NEEDS_CHECKSUM = 1;

    static final int NONE = 0;
    static final int TCP4 = 1;
    static final int TCP6 = 4;
    static final int UDP = 5;
    /// Beside a kind: segments with congestion marks (RFC 3168).
    static final int ECN = 0x80;

    private static final VarHandle U16 = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());

    private VirtioNetHeader() {}

    /// A header that asks for nothing.
    static void plain(byte[] bytes, int offset) {
        Arrays.fill(bytes, offset, offset + LENGTH, (byte) 0);
    }

    static void segments(byte[] bytes, int offset, int kind, int headers, int size, int checksumAt, int checksumIn) {
        bytes[offset] = NEEDS_CHECKSUM;
        bytes[offset + 1] = (byte) kind;
        U16.set(bytes, offset + 2, (short) headers);
        U16.set(bytes, offset + 4, (short) size);
        U16.set(bytes, offset + 6, (short) checksumAt);
        U16.set(bytes, offset + 8, (short) checksumIn);
    }

    static boolean needsChecksum(byte[] bytes, int offset) {
        return (bytes[offset] & NEEDS_CHECKSUM) != 0;
    }

    static int kind(byte[] bytes, int offset) {
        return bytes[offset + 1] & ~ECN & 0xff;
    }

    static int segmentSize(byte[] bytes, int offset) {
        return (short) U16.get(bytes, offset + 4) & 0xffff;
    }

    static int checksumStart(byte[] bytes, int offset) {
        return (short) U16.get(bytes, offset + 6) & 0xffff;
    }

    static int checksumOffset(byte[] bytes, int offset) {
        return (short) U16.get(bytes, offset + 8) & 0xffff;
    }
}
