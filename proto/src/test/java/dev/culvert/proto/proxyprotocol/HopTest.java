package dev.culvert.proto.proxyprotocol;

import static dev.culvert.proto.proxyprotocol.testing.Bytes.TCP4;
import static dev.culvert.proto.proxyprotocol.testing.Bytes.line;
import static dev.culvert.proto.proxyprotocol.testing.Bytes.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.culvert.proto.proxyprotocol.HopRequest.Announcement;
import dev.culvert.proto.proxyprotocol.HopRequest.Mode;
import dev.culvert.proto.proxyprotocol.HopRequest.Protocol;
import dev.culvert.proto.proxyprotocol.HopRequest.Target;
import dev.culvert.proto.proxyprotocol.HopRequestParser.Accepted;
import dev.culvert.proto.proxyprotocol.HopRequestParser.Malformed;
import dev.culvert.proto.proxyprotocol.HopRequestParser.NeedMore;
import dev.culvert.proto.proxyprotocol.testing.Bytes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HopTest {
    private static final InetSocketAddress CLIENT = endpoint("203.0.113.7", 1234);
    private static final InetSocketAddress LOCAL = endpoint("192.0.2.1", 443);
    private static final Target WEB = new Target(Protocol.TCP, "nas.lan", 8096);
    /// Version 1, VISITOR, network 0x01020304, TCP, port 8096, `nas.lan`.
    private static final String E4 = "e40010 01 01 01020304 06 1fa0 6e61732e6c616e";

    @Test
    void write_visitor_isAProxyHeaderWithOneTlv() {
        assertThat(written(HopRequest.visitor(0x01020304, WEB, Announcement.NONE, CLIENT, LOCAL)))
                .isEqualTo(v2("2111001f" + TCP4 + E4).array());
    }

    @Test
    void write_shared_hasNoFamily() {
        assertThat(written(HopRequest.shared(1, new Target(Protocol.TCP, "::1", 80))))
                .isEqualTo(v2("2100000f e4000c 01 02 00000001 06 0050 3a3a31").array());
    }

    @Test
    void write_everyKind_parsesBack() {
        InetSocketAddress client6 = endpoint("2001:db8::1", 0);
        String longest = ("a".repeat(62) + ".").repeat(4) + "b";
        assertRoundTrip(HopRequest.visitor(0, WEB, Announcement.NONE, CLIENT, LOCAL));
        assertRoundTrip(HopRequest.visitor(0, WEB, Announcement.PROXY_V1, CLIENT, LOCAL));
        assertRoundTrip(HopRequest.visitor(0, WEB, Announcement.PROXY_V2, CLIENT, LOCAL));
        assertRoundTrip(HopRequest.visitor(0, WEB, Announcement.TRANSPARENT, CLIENT, LOCAL));
        assertRoundTrip(HopRequest.visitor(Integer.MAX_VALUE, WEB, Announcement.NONE, client6, LOCAL));
        assertRoundTrip(
                HopRequest.visitor(7, new Target(Protocol.UDP, "10.0.0.5", 27_015), Announcement.NONE, CLIENT, LOCAL));
        assertRoundTrip(
                HopRequest.visitor(7, new Target(Protocol.TCP, longest, 65_535), Announcement.NONE, client6, client6));
        assertRoundTrip(HopRequest.shared(7, new Target(Protocol.UDP, "fd00::1", 1)));
    }

    @Test
    void telling_ofManyTlvs_takesThoseOfTheVisitor() {
        HopRequest request = HopRequest.visitor(1, WEB, Announcement.PROXY_V2, CLIENT, LOCAL)
                .telling(List.of(
                        Tlv.of(Tlv.NETNS, new byte[] {1}),
                        Tlv.of(Tlv.UNIQUE_ID, new byte[128]),
                        Tlv.of(0xe0, new byte[] {2}),
                        Tlv.of(Tlv.SSL, new byte[3005]),
                        Tlv.of(Tlv.AUTHORITY, new byte[255])));
        assertThat(request.told()).extracting(Tlv::type).containsExactly(Tlv.UNIQUE_ID, Tlv.SSL, Tlv.AUTHORITY);
        assertRoundTrip(request);
    }

    @ParameterizedTest
    @EnumSource(value = Announcement.class, mode = EnumSource.Mode.EXCLUDE, names = "PROXY_V2")
    void telling_whoHasNoRoomForIt_tellsNothing(Announcement announcement) {
        HopRequest request = HopRequest.visitor(1, WEB, announcement, CLIENT, LOCAL);
        assertThat(request.telling(List.of(Tlv.of(Tlv.ALPN, new byte[] {'h', '2'}))))
                .isEqualTo(request);
    }

    @Test
    void parse_splitAtEveryByte_needsMoreUntilComplete() {
        byte[] all = written(HopRequest.visitor(1, WEB, Announcement.NONE, CLIENT, LOCAL));
        for (int length = 0; length < all.length; length++) {
            assertThat(HopRequestParser.parse(ByteBuffer.wrap(all, 0, length))).isInstanceOf(NeedMore.class);
        }
    }

    @Test
    void parse_otherTlvs_areDropped() {
        Bytes bytes = v2("21110027" + TCP4 + "e0000141" + E4 + "02000161");
        assertThat(HopRequestParser.parse(bytes.text("data").buffer()))
                .isEqualTo(new Accepted(HopRequest.visitor(0x01020304, WEB, Announcement.NONE, CLIENT, LOCAL), 55));
    }

    @Test
    void parseDatagram_cutHeader_isMalformed() {
        byte[] all = written(
                HopRequest.visitor(1, new Target(Protocol.UDP, "10.0.0.5", 53), Announcement.NONE, CLIENT, LOCAL));
        assertThat(HopRequestParser.parseDatagram(ByteBuffer.wrap(all))).isInstanceOf(Accepted.class);
        assertThat(HopRequestParser.parseDatagram(ByteBuffer.wrap(all, 0, all.length - 1)))
                .isEqualTo(new Malformed(HopFault.HEADER, ProxyFault.TRUNCATED));
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                arguments("plain HTTP", line("GET / HTTP/1.1"), HopFault.HEADER),
                arguments("TLVs beyond 5 KiB", v2("21111500"), HopFault.HEADER),
                arguments("a stock balancer's header", v2("2111000c" + TCP4), HopFault.NO_TARGET),
                arguments("version 1", line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), HopFault.NO_TARGET),
                arguments("a second E4", v2("21110032" + TCP4 + E4 + E4), HopFault.SECOND_TARGET),
                arguments("empty", v2("2111000f" + TCP4 + "e40000"), HopFault.REQUEST_VERSION),
                arguments("version 0", e4("00 01 00000001 06 0050 61"), HopFault.REQUEST_VERSION),
                arguments("version 2", e4("02 01 00000001 06 0050 61"), HopFault.REQUEST_VERSION),
                arguments("mode 0", e4("01 00 00000001 06 0050 61"), HopFault.MODE),
                arguments("mode 3", e4("01 03 00000001 06 0050 61"), HopFault.MODE),
                arguments("announcement 4", e4("01 41 00000001 06 0050 61"), HopFault.MODE),
                arguments("SHARED with an announcement", e4("01 12 00000001 06 0050 61"), HopFault.MODE),
                arguments("network 2^31", e4("01 01 80000000 06 0050 61"), HopFault.NETWORK),
                arguments("ICMP", e4("01 01 00000001 01 0050 61"), HopFault.PROTOCOL),
                arguments("port 0", e4("01 01 00000001 06 0000 61"), HopFault.PORT),
                arguments("no host", e4("01 01 00000001 06 0050"), HopFault.HOST),
                arguments("cut", e4("01 01 00000001 06 00"), HopFault.HOST),
                arguments("NUL in the host", e4("01 01 00000001 06 0050 6100"), HopFault.HOST),
                arguments("non-ASCII host", e4("01 01 00000001 06 0050 e9"), HopFault.HOST),
                arguments("UDP over TCP addresses", e4("01 01 00000001 11 0050 61"), HopFault.FAMILY),
                arguments("SHARED with addresses", e4("01 02 00000001 06 0050 61"), HopFault.FAMILY),
                arguments(
                        "VISITOR without addresses", v2("2100000d e4000a 01 01 00000001 06 0050 61"), HopFault.FAMILY),
                arguments("LOCAL", v2("2000000d e4000a 01 02 00000001 06 0050 61"), HopFault.FAMILY));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformed(String row, Bytes bytes, HopFault reason) {
        assertThat(HopRequestParser.parse(bytes.buffer()))
                .isInstanceOfSatisfying(
                        Malformed.class, m -> assertThat(m.reason()).isEqualTo(reason));
    }

    @Test
    void malformed_rows_coverEveryRequestFault() {
        Set<HopFault> covered = EnumSet.of(HopFault.REPLY_MAGIC, HopFault.REPLY_VERSION, HopFault.REPLY_CODE);
        malformed().forEach(row -> covered.add((HopFault) row.get()[2]));
        assertThat(covered).containsExactlyInAnyOrder(HopFault.values());
    }

    @Test
    void target_anySpelling_becomesCanonical() {
        assertThat(new Target(Protocol.TCP, "NAS.lan", 1).host()).isEqualTo("nas.lan");
        assertThat(new Target(Protocol.TCP, "2001:DB8:0::1", 1).host()).isEqualTo("2001:db8::1");
        assertThat(new Target(Protocol.TCP, "::ffff:127.0.0.1", 1).host()).isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[::1]", "a b", "a/b", "a:80", "nas.lan.", "b\u00fccher.example"})
    void target_noHost_throws(String host) {
        assertThatThrownBy(() -> new Target(Protocol.TCP, host, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void request_modeAndAddressesThatDoNotFit_throws() {
        assertThatThrownBy(() -> new HopRequest(Mode.VISITOR, 0, WEB, Announcement.NONE, null, null, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HopRequest(Mode.SHARED, 0, WEB, Announcement.NONE, CLIENT, LOCAL, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource
    void reply_everyCode_parsesBackFromEightBytes(HopCode code) {
        ByteBuffer reply = ByteBuffer.allocate(12);
        new HopReply(code).write(reply);
        assertThat(reply.position()).isEqualTo(HopReply.LENGTH);
        for (int length = 0; length < HopReply.LENGTH; length++) {
            assertThat(HopReply.parse(ByteBuffer.wrap(reply.array(), 0, length)))
                    .isInstanceOf(HopReply.NeedMore.class);
        }
        assertThat(HopReply.parse(reply.rewind())).isEqualTo(new HopReply.Accepted(new HopReply(code)));
    }

    static Stream<Arguments> malformedReplies() {
        return Stream.of(
                arguments("HTTP/1.1", HopFault.REPLY_MAGIC, 1),
                arguments("SSH-2.0-", HopFault.REPLY_MAGIC, 1),
                arguments("\u00c7HOP\n\r\u0001\u0001", HopFault.REPLY_MAGIC, 5),
                arguments("\u00c7HOP\r\n\u0002\u0001", HopFault.REPLY_VERSION, 8),
                arguments("\u00c7HOP\r\n\u0001\u0000", HopFault.REPLY_CODE, 8),
                arguments("\u00c7HOP\r\n\u0001\u0009", HopFault.REPLY_CODE, 8),
                arguments("\u00c7HOP\r\n\u0001\u00ff", HopFault.REPLY_CODE, 8));
    }

    @ParameterizedTest
    @MethodSource("malformedReplies")
    void reply_notASites_isRefusedAtTheFirstWrongByte(String text, HopFault reason, int length) {
        byte[] all = line(text).array();
        assertThat(HopReply.parse(ByteBuffer.wrap(all, 0, length - 1))).isInstanceOf(HopReply.NeedMore.class);
        assertThat(HopReply.parse(ByteBuffer.wrap(all, 0, length))).isEqualTo(new HopReply.Malformed(reason));
        assertThat(HopReply.parse(ByteBuffer.wrap(all))).isEqualTo(new HopReply.Malformed(reason));
    }

    private void assertRoundTrip(HopRequest request) {
        byte[] bytes = written(request);
        if (request.told().isEmpty()) {
            assertThat(bytes).hasSizeLessThanOrEqualTo(HopRequest.MAX_LENGTH);
        }
        assertThat(HopRequestParser.parse(ByteBuffer.wrap(bytes))).isEqualTo(new Accepted(request, bytes.length));
        // To everybody else the hop's TLV is a reason to refuse.
        assertThat(new ProxyHeaderParser().parse(ByteBuffer.wrap(bytes)))
                .isEqualTo(new ProxyHeaderParser.Malformed(ProxyFault.HOP_TLV));
    }

    private byte[] written(HopRequest request) {
        ByteBuffer out = ByteBuffer.allocate(request.length());
        int length = request.write(out);
        assertThat(length).isEqualTo(out.position()).isEqualTo(request.length());
        return Arrays.copyOf(out.array(), length);
    }

    /// A TCP4 header with one E4 TLV of this value.
    private static Bytes e4(String hex) {
        int length = hex.replace(" ", "").length() / 2;
        return v2("2111%04x".formatted(15 + length) + TCP4 + "e4%04x".formatted(length) + hex);
    }

    private static InetSocketAddress endpoint(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }
}
