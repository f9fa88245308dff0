package dev.culvert.proto.proxyprotocol;

import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Accepted;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Malformed;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.NeedMore;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Result;
import dev.culvert.proto.text.AddressLiteral;
import dev.culvert.proto.text.Decimal;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Version 1: one line of text.
final class LineParser {
    /// The longest line with its CRLF, for every family.
    static final int MAX_LENGTH = 107;

    private static final String UNKNOWN = "UNKNOWN";

    private LineParser() {}

    static Result parse(ByteBuffer in) {
        int start = in.position();
        int scan = Math.min(in.remaining(), MAX_LENGTH);
        for (int i = 0; i < scan; i++) {
            byte b = in.get(start + i);
            if (b == '\n') {
                return new Malformed(ProxyFault.LINE_SYNTAX);
            }
            if (b != '\r' || i + 1 == scan) {
                continue;
            }
            if (in.get(start + i + 1) != '\n') {
                return new Malformed(ProxyFault.LINE_SYNTAX);
            }
            byte[] line = new byte[i - Signature.LINE_LENGTH];
            in.get(start + Signature.LINE_LENGTH, line);
            return parseFields(new String(line, StandardCharsets.ISO_8859_1), i + 2);
        }
        return scan == MAX_LENGTH ? new Malformed(ProxyFault.LINE_TOO_LONG) : NeedMore.INSTANCE;
    }

    /// @param text the line between `PROXY ` and CRLF
    private static Result parseFields(String text, int consumed) {
        if (text.equals(UNKNOWN) || text.startsWith(UNKNOWN + " ")) {
            return new Accepted(ProxyHeader.unspecified(List.of()), consumed);
        }
        String[] fields = text.split(" ", -1);
        boolean ipv4 = fields[0].equals("TCP4");
        if (fields.length != 5 || (!ipv4 && !fields[0].equals("TCP6"))) {
            return new Malformed(ProxyFault.LINE_SYNTAX);
        }
        byte[] source = address(fields[1], ipv4);
        byte[] destination = address(fields[2], ipv4);
        if (source == null || destination == null) {
            return new Malformed(ProxyFault.LINE_ADDRESS);
        }
        int sourcePort = port(fields[3]);
        int destinationPort = port(fields[4]);
        if (sourcePort < 0 || destinationPort < 0) {
            return new Malformed(ProxyFault.LINE_PORT);
        }
        ProxyHeader header = ProxyHeader.of(
                Transport.TCP,
                new InetSocketAddress(AddressLiteral.toAddress(source), sourcePort),
                new InetSocketAddress(AddressLiteral.toAddress(destination), destinationPort),
                List.of());
        return new Accepted(header, consumed);
    }

    private static byte @Nullable [] address(String text, boolean ipv4) {
        return ipv4 ? AddressLiteral.readIpv4(text, 0, text.length()) : AddressLiteral.readIpv6(text, 0, text.length());
    }

    private static int port(String text) {
        return (int) Decimal.readCanonical(text, 0, text.length(), 65_535);
    }
}
