package dev.culvert.proto.proxyprotocol;

import dev.culvert.proto.text.AddressLiteral;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Writes PROXY headers. A header goes out in one write, together with or before the first data; on a TLS connection
/// before the ClientHello.
public final class ProxyHeaderWriter {
    private static final int CRC_FIELD = Tlv.HEADER + 4;

    private ProxyHeaderWriter() {}

    /// Writes `header` as a line of version 1, at most 107 bytes; what version 1 cannot say (anything but TCP) is
    /// `UNKNOWN`, and TLVs are left out.
    ///
    /// @return the number of bytes written
    public static int writeV1(ByteBuffer out, ProxyHeader header) {
        InetSocketAddress source = header.clientOn(Transport.TCP);
        InetSocketAddress destination = header.destination();
        StringBuilder line = new StringBuilder(LineParser.MAX_LENGTH).append("PROXY ");
        if (source == null || destination == null) {
            line.append("UNKNOWN");
        } else {
            boolean ipv4 = bothIpv4(source, destination);
            line.append(ipv4 ? "TCP4 " : "TCP6 ");
            line.append(text(source.getAddress(), ipv4)).append(' ');
            line.append(text(destination.getAddress(), ipv4)).append(' ');
            line.append(source.getPort()).append(' ').append(destination.getPort());
        }
        byte[] bytes = line.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
        out.put(bytes);
        return bytes.length;
    }

    /// The length in bytes of what [#writeV2] writes.
    ///
    /// @throws IllegalArgumentException if the TLVs do not fit into a header
    public static int lengthV2(ProxyHeader header, boolean crc32c) {
        int length = addressBytes(header) + (hasCrc(header, crc32c) ? CRC_FIELD : 0);
        for (Tlv tlv : header.tlvs()) {
            length += Tlv.HEADER + tlv.value().remaining();
        }
        if (length > 0xffff) {
            throw new IllegalArgumentException("header of " + length + " bytes (expected: at most 65535)");
        }
        return BinaryParser.FIXED + length;
    }

    /// Writes `header` in version 2.
    ///
    /// @param crc32c whether to add a checksum; LOCAL never has one, for there are receivers that choke on any byte
    ///     behind it
    /// @return the number of bytes written
    public static int writeV2(ByteBuffer out, ProxyHeader header, boolean crc32c) {
        int length = lengthV2(header, crc32c);
        int start = out.position();
        ByteOrder order = out.order();
        out.order(ByteOrder.BIG_ENDIAN);
        Signature.putBinary(out);
        out.put((byte) (header.command() == Command.LOCAL ? 0x20 : 0x21));
        out.put((byte) family(header));
        out.putShort((short) (length - BinaryParser.FIXED));
        putAddresses(out, header);
        for (Tlv tlv : header.tlvs()) {
            ByteBuffer value = tlv.value();
            out.put((byte) tlv.type()).putShort((short) value.remaining()).put(value);
        }
        if (hasCrc(header, crc32c)) {
            out.put((byte) Tlv.CRC32C).putShort((short) 4).putInt(0);
            int crcAt = out.position() - 4;
            out.putInt(crcAt, TlvReader.checksum(out, start, crcAt, out.position()));
        }
        out.order(order);
        return length;
    }

    private static boolean hasCrc(ProxyHeader header, boolean crc32c) {
        return crc32c && header.command() == Command.PROXY;
    }

    private static int family(ProxyHeader header) {
        return switch (header.transport()) {
            case UNSPEC -> 0x00;
            case TCP -> isIpv4(header) ? 0x11 : 0x21;
            case UDP -> isIpv4(header) ? 0x12 : 0x22;
            case UNIX -> 0x31;
        };
    }

    private static int addressBytes(ProxyHeader header) {
        return switch (header.transport()) {
            case UNSPEC -> 0;
            case TCP, UDP -> isIpv4(header) ? BinaryParser.IPV4_BYTES : BinaryParser.IPV6_BYTES;
            case UNIX -> BinaryParser.UNIX_BYTES;
        };
    }

    private static void putAddresses(ByteBuffer out, ProxyHeader header) {
        InetSocketAddress source = header.source();
        InetSocketAddress destination = header.destination();
        UnixPaths paths = header.paths();
        if (source != null && destination != null) {
            boolean ipv4 = bothIpv4(source, destination);
            out.put(bytes(source.getAddress(), ipv4)).put(bytes(destination.getAddress(), ipv4));
            out.putShort((short) source.getPort()).putShort((short) destination.getPort());
        } else if (paths != null) {
            putPath(out, paths.source());
            putPath(out, paths.destination());
        }
    }

    private static void putPath(ByteBuffer out, String path) {
        out.put(path.getBytes(StandardCharsets.ISO_8859_1)).put(new byte[UnixPaths.BYTES - path.length()]);
    }

    private static boolean isIpv4(ProxyHeader header) {
        return bothIpv4(header.source(), header.destination());
    }

    private static boolean bothIpv4(@Nullable InetSocketAddress source, @Nullable InetSocketAddress destination) {
        return source != null
                && destination != null
                && source.getAddress() instanceof Inet4Address
                && destination.getAddress() instanceof Inet4Address;
    }

    private static String text(InetAddress address, boolean ipv4) {
        return AddressLiteral.format(bytes(address, ipv4));
    }

    /// A header has one family: beside an IPv6 address, an IPv4 one is written as IPv4-mapped.
    private static byte[] bytes(InetAddress address, boolean ipv4) {
        byte[] bytes = address.getAddress();
        if (ipv4 || bytes.length == 16) {
            return bytes;
        }
        byte[] mapped = new byte[16];
        mapped[10] = -1;
        mapped[11] = -1;
        System.arraycopy(bytes, 0, mapped, 12, 4);
        return mapped;
    }
}
