package dev.culvert.proto.proxyprotocol;

import static dev.culvert.proto.proxyprotocol.testing.Bytes.TCP4;
import static dev.culvert.proto.proxyprotocol.testing.Bytes.TCP6;
import static dev.culvert.proto.proxyprotocol.testing.Bytes.line;
import static dev.culvert.proto.proxyprotocol.testing.Bytes.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Accepted;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Malformed;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.NeedMore;
import dev.culvert.proto.proxyprotocol.testing.Bytes;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Reference: proxy-protocol.md §3 (the rows and the vectors) and §4 (the attack rows).
final class ProxyHeaderParserTest {
    private static final ProxyHeaderParser PARSER = new ProxyHeaderParser();

    static Stream<Arguments> accepted() {
        ProxyHeader tcp4 = tcp("203.0.113.7", 1234, "192.0.2.1", 443);
        ProxyHeader tcp6 = tcp("2001:db8::1", 1234, "2001:db8::2", 443);
        ProxyHeader none = ProxyHeader.unspecified(List.of());
        return Stream.of(
                arguments("v1 TCP4", line("PROXY TCP4 203.0.113.7 192.0.2.1 1234 443\r\n"), tcp4),
                arguments("v1 TCP6", line("PROXY TCP6 2001:db8::1 2001:DB8:0::2 1234 443\r\n"), tcp6),
                arguments("v1 UNKNOWN short", line("PROXY UNKNOWN\r\n"), none),
                arguments("v1 UNKNOWN long", line("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), none),
                arguments("v1 UNKNOWN junk", line("PROXY UNKNOWN  \0\u00ff +1 \r\n"), none),
                arguments("v1 UNKNOWN of 107 bytes", line("PROXY UNKNOWN " + "x".repeat(91) + "\r\n"), none),
                arguments(
                        "v1 port 0",
                        line("PROXY TCP4 203.0.113.7 192.0.2.1 0 0\r\n"),
                        tcp("203.0.113.7", 0, "192.0.2.1", 0)),
                arguments(
                        "v1 port 65535",
                        line("PROXY TCP4 0.0.0.0 255.255.255.255 65535 65535\r\n"),
                        tcp("0.0.0.0", 65_535, "255.255.255.255", 65_535)),
                arguments(
                        "v1 longest TCP6",
                        line("PROXY TCP6 " + "ffff:".repeat(7) + "ffff " + "ffff:".repeat(7) + "ffff 65535 65535\r\n"),
                        tcp("ffff:".repeat(7) + "ffff", 65_535, "ffff:".repeat(7) + "ffff", 65_535)),
                arguments("v2 TCP4", v2("2111000c" + TCP4), tcp4),
                arguments("v2 TCP6", v2("21210024" + TCP6), tcp6),
                arguments("v2 LOCAL empty", v2("20000000"), ProxyHeader.local()),
                arguments("v2 LOCAL with addresses", v2("2011000c" + TCP4), ProxyHeader.local()),
                arguments("v2 LOCAL with NOOP", v2("20000006 040003616263"), ProxyHeader.local()),
                arguments("v2 LOCAL of unknown family", v2("20990004 01020304"), ProxyHeader.local()),
                arguments("v2 LOCAL with short addresses", v2("20110003 010203"), ProxyHeader.local()),
                arguments(
                        "v2 LOCAL with addresses and TLV",
                        v2("20110010" + TCP4 + "01000141"),
                        local(Tlv.of(Tlv.ALPN, new byte[] {'A'}))),
                arguments("v2 UNSPEC empty", v2("21000000"), none),
                arguments("v2 UNSPEC with 7 junk bytes", v2("21000007 31323334353637"), none),
                arguments(
                        "v2 UNSPEC with TLV",
                        v2("21000005 0100026832"),
                        ProxyHeader.unspecified(List.of(Tlv.of(Tlv.ALPN, new byte[] {'h', '2'})))),
                arguments("v2 CRC right", v2("21110013" + TCP4 + "030004 c7dd21a8"), tcp4),
                arguments("v2 empty NOOP", v2("2111000f" + TCP4 + "040000"), tcp4),
                arguments("v2 UDP4", v2("2112000c" + TCP4), udp("203.0.113.7", "192.0.2.1")),
                arguments("v2 UDP6", v2("21220024" + TCP6), udp("2001:db8::1", "2001:db8::2")),
                arguments(
                        "v2 port 0", v2("2111000c cb007107c0000201 0000 0000"), tcp("203.0.113.7", 0, "192.0.2.1", 0)),
                arguments(
                        "v2 UNIX stream",
                        unix("213100d8"),
                        ProxyHeader.unix(new UnixPaths("/run/a", "\0b"), List.of())),
                arguments(
                        "v2 UNIX datagram",
                        unix("213200d8"),
                        ProxyHeader.unix(new UnixPaths("/run/a", "\0b"), List.of())),
                arguments("v2 TLV of 4000 bytes", v2("21110faf" + TCP4).tlv(0xf0, 4000, 7), tcp4With(0xf0, 4000, 7)),
                arguments("v2 TLVs up to the cap", v2("2111100c" + TCP4).tlv(0xf0, 4093, 7), tcp4With(0xf0, 4093, 7)),
                arguments("v2 UNIQUE_ID of 128", v2("2111008f" + TCP4).tlv(5, 128, 1), tcp4With(5, 128, 1)),
                arguments("v2 AUTHORITY of 255", v2("2111010e" + TCP4).tlv(2, 255, 'a'), tcp4With(2, 255, 'a')),
                arguments("v2 custom TLV is dropped", v2("21110010" + TCP4 + "ea000141"), tcp4),
                arguments(
                        "v2 duplicate types keep their order",
                        v2("21110014" + TCP4 + "01000141 01000142"),
                        ProxyHeader.of(
                                Transport.TCP,
                                endpoint("203.0.113.7", 1234),
                                endpoint("192.0.2.1", 443),
                                List.of(Tlv.of(1, new byte[] {'A'}), Tlv.of(1, new byte[] {'B'})))));
    }

    static Stream<Arguments> malformed() {
        return Stream.concat(malformedLines(), malformedBinary());
    }

    private static Stream<Arguments> malformedLines() {
        return Stream.of(
                arguments("no header: HTTP", line("GET / HTTP/1.1\r\n"), ProxyFault.NO_SIGNATURE),
                arguments("no header: HTTP method like ours", line("PROPFIND / HTTP/1.1\r\n"), ProxyFault.NO_SIGNATURE),
                arguments("no header: TLS", line("\u0016\u0003\u0001"), ProxyFault.NO_SIGNATURE),
                arguments("lower case", line("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.NO_SIGNATURE),
                arguments("lower case family", line("PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("UNKNOWNX", line("PROXY UNKNOWNX\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("no family", line("PROXY \r\n"), ProxyFault.LINE_SYNTAX),
                arguments("UDP4", line("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("two spaces", line("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("two spaces first", line("PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("trailing space", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n"), ProxyFault.LINE_SYNTAX),
                arguments("missing port", line("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("tab", line("PROXY TCP4\t1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("bare LF", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n"), ProxyFault.LINE_SYNTAX),
                arguments("bare CR", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rX"), ProxyFault.LINE_SYNTAX),
                arguments("CR CR LF", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("UNKNOWN with bare LF", line("PROXY UNKNOWN a\nb\r\n"), ProxyFault.LINE_SYNTAX),
                arguments("107 bytes, no CRLF", line("PROXY UNKNOWN ").fill(93, 'x'), ProxyFault.LINE_TOO_LONG),
                arguments(
                        "CRLF ends at 108", line("PROXY UNKNOWN " + "x".repeat(92) + "\r\n"), ProxyFault.LINE_TOO_LONG),
                arguments("octet 256", line("PROXY TCP4 203.0.113.256 2.2.2.2 1 2\r\n"), ProxyFault.LINE_ADDRESS),
                arguments(
                        "leading-zero octet",
                        line("PROXY TCP4 203.0.113.007 2.2.2.2 1 2\r\n"),
                        ProxyFault.LINE_ADDRESS),
                arguments("TCP4 with v6 source", line("PROXY TCP4 ::1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_ADDRESS),
                arguments("TCP4 with v6 destination", line("PROXY TCP4 1.1.1.1 ::1 1 2\r\n"), ProxyFault.LINE_ADDRESS),
                arguments("TCP6 with v4", line("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n"), ProxyFault.LINE_ADDRESS),
                arguments("TCP6 with zone", line("PROXY TCP6 fe80::1%lo ::1 1 2\r\n"), ProxyFault.LINE_ADDRESS),
                arguments("TCP6 in brackets", line("PROXY TCP6 [::1] [::1] 1 2\r\n"), ProxyFault.LINE_ADDRESS),
                arguments("+443", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 +443\r\n"), ProxyFault.LINE_PORT),
                arguments("-1", line("PROXY TCP4 1.1.1.1 2.2.2.2 -1 443\r\n"), ProxyFault.LINE_PORT),
                arguments("leading-zero port", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 0443\r\n"), ProxyFault.LINE_PORT),
                arguments("port 65536", line("PROXY TCP4 1.1.1.1 2.2.2.2 65536 443\r\n"), ProxyFault.LINE_PORT),
                arguments("huge port", line("PROXY TCP4 1.1.1.1 2.2.2.2 4294967297 443\r\n"), ProxyFault.LINE_PORT));
    }

    private static Stream<Arguments> malformedBinary() {
        Bytes manyEmptyTlvs = v2("21110fff" + TCP4);
        for (int i = 0; i < 1361; i++) {
            manyEmptyTlvs.hex("f00000");
        }
        return Stream.of(
                arguments("version 3", v2("3111000c" + TCP4), ProxyFault.VERSION),
                arguments("command 2", v2("2211000c" + TCP4), ProxyFault.COMMAND),
                arguments("family 0x41", v2("2141000c" + TCP4), ProxyFault.FAMILY),
                arguments("protocol 0x13", v2("2113000c" + TCP4), ProxyFault.FAMILY),
                arguments("family without protocol", v2("2110000c" + TCP4), ProxyFault.FAMILY),
                arguments("protocol without family", v2("21010000"), ProxyFault.FAMILY),
                arguments("short address block", v2("2111000b cb007107c000020104d201"), ProxyFault.SHORT_ADDRESSES),
                arguments("TCP6 with an IPv4 block", v2("2121000c" + TCP4), ProxyFault.SHORT_ADDRESSES),
                arguments("CRC wrong", v2("21110013" + TCP4 + "030004 c7dd21a9"), ProxyFault.CRC),
                arguments("CRC length 3", v2("21110012" + TCP4 + "030003 000000"), ProxyFault.CRC),
                arguments("CRC twice", v2("2111001a" + TCP4 + "030004c7dd21a8 030004c7dd21a8"), ProxyFault.CRC),
                arguments("CRC wrong in LOCAL", v2("20000007 030004 00000000"), ProxyFault.CRC),
                arguments("TLV overrun", v2("21110014" + TCP4 + "02000a3132333435"), ProxyFault.TLV_OVERRUN),
                arguments("2 stray bytes", v2("21110012" + TCP4 + "020001680400"), ProxyFault.TLV_OVERRUN),
                arguments("1 stray byte", v2("2111000d" + TCP4 + "04"), ProxyFault.TLV_OVERRUN),
                arguments("UNIQUE_ID of 129", v2("21110090" + TCP4).tlv(5, 129, 1), ProxyFault.TLV_VALUE),
                arguments("AUTHORITY of 256", v2("2111010f" + TCP4).tlv(2, 256, 'a'), ProxyFault.TLV_VALUE),
                arguments("SSL of 4", v2("21110013" + TCP4).tlv(0x20, 4, 0), ProxyFault.TLV_VALUE),
                arguments(
                        "nested SSL field overruns its SSL",
                        v2("21110017" + TCP4 + "200008 0100000000 220001"),
                        ProxyFault.TLV_OVERRUN),
                arguments(
                        "nested SSL overrun hidden by the next TLV",
                        v2("2111001b" + TCP4 + "200008 0100000000 220004 01000141"),
                        ProxyFault.TLV_OVERRUN),
                arguments("4097 bytes of TLV", v2("2111100d" + TCP4), ProxyFault.TLV_TOO_LONG),
                arguments("65535 bytes", v2("2111ffff" + TCP4), ProxyFault.TLV_TOO_LONG),
                arguments("65535 bytes of LOCAL", v2("2000ffff"), ProxyFault.TLV_TOO_LONG),
                arguments("65535 bytes of LOCAL, no family", v2("2099ffff"), ProxyFault.TLV_TOO_LONG),
                arguments("thousands of empty TLVs", manyEmptyTlvs, ProxyFault.TLV_TOO_MANY),
                arguments("the hop's TLV", v2("21110010" + TCP4 + "e4000101"), ProxyFault.HOP_TLV));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void accepted(String row, Bytes bytes, ProxyHeader expected) {
        int length = bytes.array().length;
        ByteBuffer in = bytes.text("GET / HTTP/1.1").buffer();
        assertThat(PARSER.parse(in)).isEqualTo(new Accepted(expected, length));
        assertThat(in.position()).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    void accepted_splitAtEveryByte_needsMoreUntilComplete(String row, Bytes bytes, ProxyHeader expected) {
        byte[] all = bytes.array();
        for (int length = 0; length < all.length; length++) {
            ByteBuffer part = ByteBuffer.wrap(all, 0, length);
            assertThat(PARSER.parse(part)).as("first %d bytes", length).isInstanceOf(NeedMore.class);
            assertThat(ProxyHeaderParser.couldBeHeader(part)).isTrue();
        }
        assertThat(PARSER.parse(ByteBuffer.wrap(all))).isEqualTo(new Accepted(expected, all.length));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformed(String row, Bytes bytes, ProxyFault reason) {
        assertThat(PARSER.parse(bytes.buffer())).isEqualTo(new Malformed(reason));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void malformed_splitAtEveryByte_isNeverAccepted(String row, Bytes bytes, ProxyFault reason) {
        byte[] all = bytes.array();
        boolean refused = false;
        for (int length = 0; length <= all.length; length++) {
            ProxyHeaderParser.Result result = PARSER.parse(ByteBuffer.wrap(all, 0, length));
            assertThat(result).isNotInstanceOf(Accepted.class);
            // What is refused once stays refused, and for the same reason.
            refused |= result instanceof Malformed;
            assertThat(result).isEqualTo(refused ? new Malformed(reason) : new NeedMore());
        }
        assertThat(refused).isTrue();
    }

    @Test
    void malformed_rows_coverEveryFault() {
        Set<ProxyFault> covered = EnumSet.of(ProxyFault.TRUNCATED);
        malformed().forEach(row -> covered.add((ProxyFault) row.get()[2]));
        assertThat(covered).containsExactlyInAnyOrder(ProxyFault.values());
    }

    @Test
    void parse_anyPositionAndOrder_readsTheSame() {
        byte[] header = v2("21110013" + TCP4 + "030004 c7dd21a8").array();
        ByteBuffer in = ByteBuffer.allocateDirect(header.length + 5).order(ByteOrder.LITTLE_ENDIAN);
        in.position(5).put(header).position(5);
        assertThat(PARSER.parse(in)).isEqualTo(new Accepted(tcp("203.0.113.7", 1234, "192.0.2.1", 443), header.length));
        assertThat(in.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void parse_headerBehindHeader_leavesTheSecondToTheCaller() {
        ByteBuffer in = v2("20000000").hex("0D0A0D0A000D0A515549540A 20000000").buffer();
        assertThat(PARSER.parse(in)).isEqualTo(new Accepted(ProxyHeader.local(), 16));
        assertThat(ProxyHeaderParser.couldBeHeader(in.position(16))).isTrue();
    }

    @Test
    void parse_mappedIpv6_becomesIpv4() {
        String mapped = "00000000000000000000ffff7f000001";
        ProxyHeader header = header(v2("21210024" + mapped + mapped + "0001 0002"));
        assertThat(header).isEqualTo(tcp("127.0.0.1", 1, "127.0.0.1", 2));
        assertThat(client(header, Transport.TCP).getAddress()).isInstanceOf(Inet4Address.class);
        ProxyHeader line = header(line("PROXY TCP6 ::ffff:10.0.0.1 2001:db8::1 1 2\r\n"));
        assertThat(client(line, Transport.TCP).getAddress()).isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
    }

    @Test
    void clientOn_anotherKindOfConnection_isNull() {
        ProxyHeader udp = header(v2("2112000c" + TCP4));
        assertThat(udp.clientOn(Transport.TCP)).isNull();
        assertThat(client(udp, Transport.UDP)).isEqualTo(endpoint("203.0.113.7", 1234));
        assertThat(header(unix("213100d8")).clientOn(Transport.TCP)).isNull();
        assertThat(ProxyHeader.local().clientOn(Transport.TCP)).isNull();
    }

    @Test
    void keepingCustom_listedTypes_areKept() {
        ProxyHeaderParser parser = new ProxyHeaderParser().keepingCustom(0xea);
        Bytes bytes = v2("21110014" + TCP4 + "ea000141 ee000142");
        assertThat(parser.parse(bytes.buffer())).isEqualTo(new Accepted(tcp4With(0xea, 1, 'A'), 36));
        assertThatThrownBy(() -> new ProxyHeaderParser().keepingCustom(0xe4))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProxyHeaderParser(65_536)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void constructor_largerCap_takesLargerTlvs() {
        Bytes bytes = v2("2111ffff" + TCP4).tlv(0xf0, 65_520, 9);
        assertThat(new ProxyHeaderParser(ProxyHeaderParser.MAX_TLV_BYTES).parse(bytes.buffer()))
                .isEqualTo(new Accepted(tcp4With(0xf0, 65_520, 9), 65_551));
    }

    @Test
    void parseDatagram_eachDatagram_standsOnItsOwn() {
        Bytes whole = v2("2112000c" + TCP4);
        assertThat(PARSER.parseDatagram(whole.buffer())).isEqualTo(new Accepted(udp("203.0.113.7", "192.0.2.1"), 28));
        ByteBuffer cut = whole.buffer().limit(27);
        assertThat(PARSER.parseDatagram(cut)).isEqualTo(new Malformed(ProxyFault.TRUNCATED));
        ByteBuffer none = line("payload of the visitor").buffer();
        assertThat(PARSER.parseDatagram(none)).isEqualTo(new Malformed(ProxyFault.NO_SIGNATURE));
        assertThat(PARSER.parseDatagram(ByteBuffer.allocate(0))).isEqualTo(new Malformed(ProxyFault.NO_SIGNATURE));
        ByteBuffer line = line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n").buffer();
        assertThat(PARSER.parseDatagram(line)).isEqualTo(new Malformed(ProxyFault.NO_SIGNATURE));
    }

    @Test
    void couldBeHeader_otherProtocols_false() {
        assertThat(ProxyHeaderParser.couldBeHeader(line("P").buffer())).isTrue();
        assertThat(ProxyHeaderParser.couldBeHeader(line("POST /").buffer())).isFalse();
        assertThat(ProxyHeaderParser.couldBeHeader(line("\r\nGET /").buffer())).isFalse();
        assertThat(ProxyHeaderParser.couldBeHeader(line("SSH-2.0").buffer())).isFalse();
    }

    @Test
    void sslInfo_nestedFields_stayNested() {
        ProxyHeader header = header(v2("2111001e" + TCP4 + "20000f 05 00000000 210003544c53 220001ff")
                .hex(""));
        assertThat(header.tlvs()).hasSize(1);
        Tlv ssl = Objects.requireNonNull(header.first(Tlv.SSL));
        assertThat(header.first(Tlv.SSL_CN)).isNull();
        assertThat(SslInfo.of(ssl))
                .isEqualTo(new SslInfo(
                        5,
                        0,
                        List.of(Tlv.of(Tlv.SSL_VERSION, new byte[] {'T', 'L', 'S'}), Tlv.of(Tlv.SSL_CN, new byte[] {-1
                        }))));
        assertThat(SslInfo.of(Tlv.of(Tlv.SSL, new byte[4]))).isNull();
    }

    private static ProxyHeader header(Bytes bytes) {
        return ((Accepted) PARSER.parse(bytes.buffer())).header();
    }

    private static InetSocketAddress client(ProxyHeader header, Transport carrier) {
        return Objects.requireNonNull(header.clientOn(carrier));
    }

    private static ProxyHeader local(Tlv tlv) {
        return new ProxyHeader(Command.LOCAL, Transport.UNSPEC, null, null, null, List.of(tlv));
    }

    private static ProxyHeader tcp4With(int type, int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ProxyHeader.of(
                Transport.TCP, endpoint("203.0.113.7", 1234), endpoint("192.0.2.1", 443), List.of(Tlv.of(type, bytes)));
    }

    private static Bytes unix(String head) {
        return v2(head).text("/run/a").fill(102, 0).text("\0b").fill(106, 0);
    }

    private static ProxyHeader tcp(String source, int sourcePort, String destination, int destinationPort) {
        return ProxyHeader.of(
                Transport.TCP, endpoint(source, sourcePort), endpoint(destination, destinationPort), List.of());
    }

    private static ProxyHeader udp(String source, String destination) {
        return ProxyHeader.of(Transport.UDP, endpoint(source, 1234), endpoint(destination, 443), List.of());
    }

    private static InetSocketAddress endpoint(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }
}
