package dev.culvert.proto.proxyprotocol;

import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Accepted;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Malformed;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.NeedMore;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Result;
import dev.culvert.proto.text.AddressLiteral;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Version 2: a fixed part of 16 bytes, addresses, TLVs.
final class BinaryParser {
    static final int FIXED = 16;
    static final int IPV4_BYTES = 12;
    static final int IPV6_BYTES = 36;
    static final int UNIX_BYTES = 2 * UnixPaths.BYTES;

    private BinaryParser() {}

    /// @param in in network byte order, beginning with the signature as far as it goes
    static Result parse(ByteBuffer in, int maxTlvBytes, int keptCustom) {
        if (in.remaining() < FIXED) {
            return NeedMore.INSTANCE;
        }
        int start = in.position();
        int versionAndCommand = in.get(start + 12) & 0xff;
        int family = in.get(start + 13) & 0xff;
        int length = in.getShort(start + 14) & 0xffff;
        boolean local = versionAndCommand == 0x20;
        int addresses = addressBytes(family);
        ProxyFault fault = judgeFixedPart(versionAndCommand, addresses, length);
        if (fault != null) {
            return new Malformed(fault);
        }
        // LOCAL voids the family and the addresses: where they make no sense, nothing behind them does.
        int tlvBytes = addresses < 0 || length < addresses ? 0 : length - addresses;
        if (tlvBytes > maxTlvBytes || length > maxTlvBytes + UNIX_BYTES) {
            return new Malformed(ProxyFault.TLV_TOO_LONG);
        }
        int end = start + FIXED + length;
        if (in.limit() < end) {
            return NeedMore.INSTANCE;
        }
        TlvReader reader = new TlvReader(in, keptCustom);
        int tlvsAt = end - tlvBytes;
        // With neither addresses nor a family, what follows may be anything and is skipped unless it reads as TLVs.
        boolean opaque = (local || family == 0) && !TlvReader.isWellFormed(in, tlvsAt, end);
        fault = opaque ? null : reader.read(start, tlvsAt, end);
        if (fault != null) {
            return new Malformed(fault);
        }
        ProxyHeader header = local
                ? new ProxyHeader(Command.LOCAL, Transport.UNSPEC, null, null, null, reader.tlvs())
                : header(in, start + FIXED, family, reader.tlvs());
        return new Accepted(header, FIXED + length);
    }

    private static @Nullable ProxyFault judgeFixedPart(int versionAndCommand, int addresses, int length) {
        if (versionAndCommand >> 4 != 2) {
            return ProxyFault.VERSION;
        }
        if ((versionAndCommand & 0xf) > 1) {
            return ProxyFault.COMMAND;
        }
        if (versionAndCommand == 0x20) {
            return null;
        }
        if (addresses < 0) {
            return ProxyFault.FAMILY;
        }
        return length < addresses ? ProxyFault.SHORT_ADDRESSES : null;
    }

    /// The size of the address block, or -1 for a pair of family and protocol that does not exist.
    private static int addressBytes(int family) {
        return switch (family) {
            case 0x00 -> 0;
            case 0x11, 0x12 -> IPV4_BYTES;
            case 0x21, 0x22 -> IPV6_BYTES;
            case 0x31, 0x32 -> UNIX_BYTES;
            default -> -1;
        };
    }

    private static ProxyHeader header(ByteBuffer in, int at, int family, List<Tlv> tlvs) {
        Transport transport = (family & 0xf) == 1 ? Transport.TCP : Transport.UDP;
        return switch (family >> 4) {
            case 0 -> ProxyHeader.unspecified(tlvs);
            case 1 -> ProxyHeader.of(transport, endpoint(in, at, 4, at + 8), endpoint(in, at + 4, 4, at + 10), tlvs);
            case 2 ->
                ProxyHeader.of(transport, endpoint(in, at, 16, at + 32), endpoint(in, at + 16, 16, at + 34), tlvs);
            default -> ProxyHeader.unix(new UnixPaths(path(in, at), path(in, at + UnixPaths.BYTES)), tlvs);
        };
    }

    private static InetSocketAddress endpoint(ByteBuffer in, int at, int bytes, int portAt) {
        byte[] address = new byte[bytes];
        in.get(at, address);
        return new InetSocketAddress(AddressLiteral.toAddress(address), in.getShort(portAt) & 0xffff);
    }

    private static String path(ByteBuffer in, int at) {
        byte[] bytes = new byte[UnixPaths.BYTES];
        in.get(at, bytes);
        int length = bytes.length;
        while (length > 0 && bytes[length - 1] == 0) {
            length--;
        }
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
}
