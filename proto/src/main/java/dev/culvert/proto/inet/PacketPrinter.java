package dev.culvert.proto.inet;

/// Prints an IP packet as one line of text, much as `tcpdump -n` does: for tests and `doctor`, never on the data
/// path.
public final class PacketPrinter {
    private PacketPrinter() {}

    /// One line for the packet of `length` bytes at `offset`; says `malformed` where a header does not hold.
    public static String print(byte[] bytes, int offset, int length) {
        Ipv4Header v4 = new Ipv4Header();
        Ipv6Header v6 = new Ipv6Header();
        if (v4.check(bytes, offset, length)) {
            long source = AddressWords.ipv4Low(v4.source());
            long target = AddressWords.ipv4Low(v4.destination());
            return payload(
                    bytes, v4.payloadOffset(), v4.payloadLength(), v4.protocol(), text(0, source), text(0, target));
        }
        if (v6.check(bytes, offset, length)) {
            String source = text(v6.sourceHigh(), v6.sourceLow());
            String target = text(v6.destinationHigh(), v6.destinationLow());
            return payload(bytes, v6.payloadOffset(), v6.payloadLength(), v6.nextHeader(), source, target);
        }
        return "malformed IP, length " + length;
    }

    private static String payload(byte[] bytes, int offset, int length, int protocol, String source, String target) {
        return switch (protocol) {
            case IpProtocol.TCP -> tcp(bytes, offset, length, source, target);
            case IpProtocol.UDP -> udp(bytes, offset, length, source, target);
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> icmp(bytes, offset, length, protocol, source, target);
            default -> source + " > " + target + ": protocol " + protocol + ", length " + length;
        };
    }

    private static String tcp(byte[] bytes, int offset, int length, String source, String target) {
        TcpHeader header = new TcpHeader();
        if (!header.check(bytes, offset, length)) {
            return source + " > " + target + ": malformed TCP, length " + length;
        }
        StringBuilder line = new StringBuilder(120)
                .append(source + "." + header.sourcePort() + " > " + target + "." + header.destinationPort())
                .append(": [")
                .append(flags(header.flags()))
                .append("] seq ")
                .append(Integer.toUnsignedString(header.sequence()));
        if ((header.flags() & TcpHeader.ACK) != 0) {
            line.append(" ack ").append(Integer.toUnsignedString(header.acknowledgment()));
        }
        line.append(" win ").append(header.window());
        appendOptions(line, bytes, header.optionsOffset(), header.optionsLength());
        return line.append(" length ").append(header.payloadLength()).toString();
    }

    private static String flags(int flags) {
        StringBuilder text = new StringBuilder(5);
        String letters = "FSRP.UEW";
        for (int bit = 0; bit < 8; bit++) {
            if ((flags >>> bit & 1) != 0) {
                text.append(letters.charAt(bit));
            }
        }
        return text.toString();
    }

    private static void appendOptions(StringBuilder line, byte[] bytes, int offset, int length) {
        int at = offset;
        int end = offset + length;
        while (at < end && bytes[at] != 0) {
            if (bytes[at] == 1) {
                at++;
                continue;
            }
            int size = at + 1 < end ? NetworkOrder.u8(bytes, at + 1) : 0;
            if (size < 2 || at + size > end) {
                line.append(" <bad option>");
                return;
            }
            line.append(" <").append(option(bytes, at, size)).append('>');
            at += size;
        }
    }

    private static String option(byte[] bytes, int at, int size) {
        int kind = NetworkOrder.u8(bytes, at);
        if (kind == 2 && size == 4) {
            return "mss " + NetworkOrder.u16(bytes, at + 2);
        }
        if (kind == 3 && size == 3) {
            return "wscale " + NetworkOrder.u8(bytes, at + 2);
        }
        if (kind == 4 && size == 2) {
            return "sackOK";
        }
        if (kind == 8 && size == 10) {
            return "ts " + Integer.toUnsignedString(NetworkOrder.i32(bytes, at + 2)) + " "
                    + Integer.toUnsignedString(NetworkOrder.i32(bytes, at + 6));
        }
        if (kind == 5) {
            StringBuilder text = new StringBuilder("sack");
            for (int block = at + 2; block + 8 <= at + size; block += 8) {
                text.append(' ').append(Integer.toUnsignedString(NetworkOrder.i32(bytes, block)));
                text.append(':').append(Integer.toUnsignedString(NetworkOrder.i32(bytes, block + 4)));
            }
            return text.toString();
        }
        return "option " + kind;
    }

    private static String udp(byte[] bytes, int offset, int length, String source, String target) {
        UdpHeader header = new UdpHeader();
        if (!header.check(bytes, offset, length)) {
            return source + " > " + target + ": malformed UDP, length " + length;
        }
        return source + "." + header.sourcePort() + " > " + target + "." + header.destinationPort() + ": UDP length "
                + header.payloadLength();
    }

    private static String icmp(byte[] bytes, int offset, int length, int protocol, String source, String target) {
        IcmpHeader header = new IcmpHeader();
        String name = protocol == IpProtocol.ICMP ? "ICMP" : "ICMP6";
        if (!header.check(bytes, offset, length)) {
            return source + " > " + target + ": malformed " + name + ", length " + length;
        }
        String what = switch (header.type()) {
            case IcmpHeader.V4_ECHO_REQUEST, IcmpHeader.V6_ECHO_REQUEST ->
                "echo request, id " + header.identifier() + " seq " + header.sequence();
            case IcmpHeader.V4_ECHO_REPLY, IcmpHeader.V6_ECHO_REPLY ->
                "echo reply, id " + header.identifier() + " seq " + header.sequence();
            default -> "type " + header.type() + " code " + header.code();
        };
        return source + " > " + target + ": " + name + " " + what + " length " + header.payloadLength();
    }

    private static String text(long high, long low) {
        return AddressWords.toAddress(high, low).getHostAddress();
    }
}
