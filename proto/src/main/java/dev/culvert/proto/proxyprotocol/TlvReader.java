package dev.culvert.proto.proxyprotocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The TLVs of one version 2 header: their structure, their limits and the checksum.
final class TlvReader {
    private static final int MAX_COUNT = 128;
    private static final int MAX_UNIQUE_ID = 128;
    private static final int MAX_AUTHORITY = 255;
    private static final int CRC_BYTES = 4;

    private final ByteBuffer in;
    private final int keptCustom;
    private final List<Tlv> tlvs = new ArrayList<>();
    private int crcAt = -1;

    /// @param in in network byte order
    /// @param keptCustom bit n: keep type E0 + n
    TlvReader(ByteBuffer in, int keptCustom) {
        this.in = in;
        this.keptCustom = keptCustom;
    }

    List<Tlv> tlvs() {
        return tlvs;
    }

    /// Whether `in[from, to)` is a sequence of whole TLVs.
    static boolean isWellFormed(ByteBuffer in, int from, int to) {
        int at = from;
        while (to - at >= Tlv.HEADER) {
            at += Tlv.HEADER + valueLength(in, at);
        }
        return at == to;
    }

    /// All TLVs of a well-formed range.
    static List<Tlv> readAll(ByteBuffer in, int from, int to) {
        List<Tlv> all = new ArrayList<>();
        for (int at = from; at < to; at += Tlv.HEADER + valueLength(in, at)) {
            all.add(tlvAt(in, at));
        }
        return all;
    }

    /// Reads `in[from, to)`, the end of a header that began at `start`.
    @Nullable
    ProxyFault read(int start, int from, int to) {
        if (!isWellFormed(in, from, to)) {
            return ProxyFault.TLV_OVERRUN;
        }
        int count = 0;
        for (int at = from; at < to; at += Tlv.HEADER + valueLength(in, at)) {
            ProxyFault fault = ++count > MAX_COUNT ? ProxyFault.TLV_TOO_MANY : readOne(at);
            if (fault != null) {
                return fault;
            }
        }
        return crcAt < 0 || checksum(in, start, crcAt, to) == in.getInt(crcAt) ? null : ProxyFault.CRC;
    }

    private @Nullable ProxyFault readOne(int at) {
        int type = in.get(at) & 0xff;
        int length = valueLength(in, at);
        int value = at + Tlv.HEADER;
        switch (type) {
            case Tlv.NOOP -> {
                return null;
            }
            case Tlv.CRC32C -> {
                if (length != CRC_BYTES || crcAt >= 0) {
                    return ProxyFault.CRC;
                }
                crcAt = value;
                return null;
            }
            case Tlv.UNIQUE_ID -> {
                if (length > MAX_UNIQUE_ID) {
                    return ProxyFault.TLV_VALUE;
                }
            }
            case Tlv.AUTHORITY -> {
                if (length > MAX_AUTHORITY) {
                    return ProxyFault.TLV_VALUE;
                }
            }
            case Tlv.SSL -> {
                if (!SslInfo.isWellFormed(in, value, value + length)) {
                    return length < 5 ? ProxyFault.TLV_VALUE : ProxyFault.TLV_OVERRUN;
                }
            }
            default -> {
                if (type >= Tlv.FIRST_CUSTOM && type <= Tlv.LAST_CUSTOM && !keeps(type)) {
                    return type == HopRequest.TLV_TYPE ? ProxyFault.HOP_TLV : null;
                }
            }
        }
        tlvs.add(tlvAt(in, at));
        return null;
    }

    private boolean keeps(int type) {
        return ((keptCustom >> (type - Tlv.FIRST_CUSTOM)) & 1) != 0;
    }

    /// The CRC32C of `in[start, end)` with its own 4 bytes at `crcAt` taken as zeros.
    static int checksum(ByteBuffer in, int start, int crcAt, int end) {
        CRC32C crc = new CRC32C();
        crc.update(in.slice(start, crcAt - start));
        crc.update(new byte[CRC_BYTES]);
        crc.update(in.slice(crcAt + CRC_BYTES, end - crcAt - CRC_BYTES));
        return (int) crc.getValue();
    }

    private static Tlv tlvAt(ByteBuffer in, int at) {
        return new Tlv(in.get(at) & 0xff, in.slice(at + Tlv.HEADER, valueLength(in, at)));
    }

    private static int valueLength(ByteBuffer in, int at) {
        return in.getShort(at + 1) & 0xffff;
    }
}
