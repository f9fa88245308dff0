package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.Wire;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// PROXY headers that come in, through a whole gateway and a site: who may send one, what it may say, and what the
/// target learns. The bytes are those of reference/proxy-protocol.md §3.
@Timeout(60)
class ProxyRoadTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String BLOCK = "cb007107c000020104d201bb";
    private static final String REQUIRED = "127.0.0.51";
    private static final String OPTIONAL = "127.0.0.52";
    private static final String STRANGER = "127.0.0.53";

    // Sends back the line that announces the visitor, and all that follows.
    private static RawBackend target;
    private static Road road;

    @BeforeAll
    static void open() throws Exception {
        target = RawBackend.echo();
        String trust = "proxy-protocol: {require: 127.0.0.51, optional: 127.0.0.52}";
        String services = """
                  v1:
                    listen: 127.0.0.2:7002/tcp
                    site: home
                    target: tcp://127.0.0.1:%1$d
                    client-address: proxy-v1
                    %2$s
                  plain:
                    listen: 127.0.0.3:7003/tcp
                    site: home
                    target: tcp://127.0.0.1:%1$d
                    access: {deny: 203.0.113.66}
                    %2$s
                  v2:
                    listen: 127.0.0.5:7005/tcp
                    site: home
                    target: tcp://127.0.0.1:%1$d
                    client-address: proxy-v2
                    %2$s
                  v2-here:
                    listen: 127.0.0.6:7006/tcp
                    site: here
                    target: tcp://127.0.0.1:%1$d
                    client-address: proxy-v2
                    %2$s
                  web:
                    host: web.test
                    site: home
                    target: http://127.0.0.1:%1$d
                """.formatted(target.port(), trust).indent(2);
        road = Road.open(
                services,
                "http: {listen: \"127.0.0.4:80\", " + trust + "}\n",
                "allow: [\"127.0.0.1:" + target.port() + "\"]\nclients: [127.0.0.0/8]\n");
    }

    @AfterAll
    static void close() throws Exception {
        road.close();
        target.close();
    }

    /// @param header its bytes, one in each char
    record Row(String name, String header, String expected) {
        static Row line(String text, String expected) {
            return new Row(text.strip(), text, expected);
        }

        static Row binary(String name, String hex, String expected) {
            byte[] bytes = HexFormat.of().parseHex(SIGNATURE + hex);
            return new Row(name, new String(bytes, StandardCharsets.ISO_8859_1), expected);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static final String TCP4 = "PROXY TCP4 203.0.113.7 192.0.2.1 1234 443\r\n";
    private static final String ITSELF = "PROXY TCP4 127.0.0.51 127.0.0.2";

    static List<Row> accepted() {
        String unix = "61" + "00".repeat(107) + "62" + "00".repeat(107);
        return List.of(
                Row.line(TCP4, TCP4),
                Row.line(
                        "PROXY TCP6 2001:db8::1 2001:db8::2 1234 443\r\n",
                        "PROXY TCP6 2001:db8::1 2001:db8::2 1234 443\r\n"),
                Row.line("PROXY TCP4 203.0.113.7 192.0.2.1 0 0\r\n", "PROXY TCP4 203.0.113.7 192.0.2.1 0 0\r\n"),
                Row.line("PROXY UNKNOWN\r\n", ITSELF),
                Row.line("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", ITSELF),
                Row.binary("TCP4", "2111000c" + BLOCK, TCP4),
                Row.binary(
                        "TCP6",
                        "21210024" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002"
                                + "04d201bb",
                        "PROXY TCP6 2001:db8::1 2001:db8::2 1234 443\r\n"),
                Row.binary("LOCAL empty", "20000000", ITSELF),
                Row.binary("LOCAL with addresses", "2011000c" + BLOCK, ITSELF),
                Row.binary("LOCAL with NOOP", "20000006040003616263", ITSELF),
                Row.binary("UNSPEC empty", "21000000", ITSELF),
                Row.binary("UNSPEC with junk", "2100000731323334353637", ITSELF),
                Row.binary("UDP over TCP", "2112000c" + BLOCK, ITSELF),
                Row.binary("UNIX", "213100d8" + unix, ITSELF),
                Row.binary("CRC right", "21110013" + BLOCK + "030004c7dd21a8", TCP4),
                Row.binary("NOOP empty", "2111000f" + BLOCK + "040000", TCP4),
                Row.binary(
                        "TLV of 4000 bytes",
                        "21110fafcb007107c000020104d201bb" + "050000" + "f00f9d" + "00".repeat(3997),
                        TCP4),
                Row.binary(
                        "SSL with nested fields",
                        "2111001f" + BLOCK + "200010" + "0100000000" + "210008" + "544c5376312e3321",
                        TCP4));
    }

    static List<Row> malformed() {
        return List.of(
                Row.line("PROXY TCP4 203.000.113.007 192.0.2.1 1 2\r\n", "LINE_ADDRESS"),
                Row.line("PROXY TCP4 203.0.113.256 192.0.2.1 1 2\r\n", "LINE_ADDRESS"),
                Row.line("PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n", "LINE_PORT"),
                Row.line("PROXY TCP4 203.0.113.7 192.0.2.1 0443 2\r\n", "LINE_PORT"),
                Row.line("PROXY TCP4 203.0.113.7 192.0.2.1 +443 2\r\n", "LINE_PORT"),
                Row.line("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "LINE_ADDRESS"),
                Row.line("PROXY TCP4  203.0.113.7 192.0.2.1 1 2\r\n", "LINE_SYNTAX"),
                Row.line("PROXY TCP4 203.0.113.7 192.0.2.1 1 2 \r\n", "LINE_SYNTAX"),
                Row.line("PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n", "LINE_SYNTAX"),
                Row.line("proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n", "NO_SIGNATURE"),
                Row.line("PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n", "LINE_SYNTAX"),
                Row.line("PROXY " + "x".repeat(200) + "\r\n", "LINE_"),
                Row.line("GET / HTTP/1.1\r\n\r\n", "NO_SIGNATURE"),
                Row.binary("command 2", "2211000c" + BLOCK, "COMMAND"),
                Row.binary("version 3", "3111000c" + BLOCK, "VERSION"),
                Row.binary("family 4", "2141000c" + BLOCK, "FAMILY"),
                Row.binary("protocol 3", "2113000c" + BLOCK, "FAMILY"),
                Row.binary("short addresses", "2111000bcb007107c000020104d201", "SHORT_ADDRESSES"),
                Row.binary("CRC wrong", "21110013" + BLOCK + "030004c7dd21a9", "CRC"),
                Row.binary("CRC of 3 bytes", "21110012" + BLOCK + "030003000000", "CRC"),
                Row.binary("TLV overrun", "21110014" + BLOCK + "02000a3132333435", "TLV_OVERRUN"),
                Row.binary("2 stray bytes", "21110012" + BLOCK + "020001680400", "TLV_OVERRUN"),
                Row.binary("UNIQUE_ID of 129 bytes", "21110090" + BLOCK + "050081" + "00".repeat(129), "TLV_VALUE"),
                Row.binary("AUTHORITY of 256 bytes", "2111010f" + BLOCK + "020100" + "61".repeat(256), "TLV_VALUE"),
                Row.binary("65535 bytes", "2111ffff" + BLOCK, "TLV_TOO_LONG"),
                Row.binary("1000 empty TLVs", "21110bc4" + BLOCK + "f00000".repeat(1000), "TLV_TOO_MANY"),
                Row.binary("the hop's TLV", "2111000f" + BLOCK + "e40000", "HOP_TLV"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    void header_thatIsRight_tellsTheTargetItsVisitor(Row row) throws Exception {
        try (Wire wire = from(REQUIRED, "127.0.0.2")) {
            wire.send(row.header);
            wire.send("x");
            String line = wire.readUntil("\r\n");
            assertThat(line).startsWith(row.expected);
            assertThat(wire.read(1)).isEqualTo("x");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.5", "127.0.0.6"})
    void tlvsOfTheVisitor_arriveAtTheTarget_andNoOthers(String door) throws Exception {
        String ssl = "200017" + "0700000000" + "210007" + "544c5376312e33" + "220005" + "616c696365";
        String visitors = "010002" + "6832" + "020006" + "6e61732e7878" + "050003" + "00ff00" + ssl;
        String others = "040001" + "00" + "300002" + "6e73" + "e00001" + "41" + "f10001" + "42";
        try (Wire wire = from(REQUIRED, door)) {
            wire.send(bytes(SIGNATURE + "2111" + length(BLOCK + others + visitors) + BLOCK + others + visitors));
            wire.send("x");
            String expected = bytes(SIGNATURE + "2111" + length(BLOCK + visitors) + BLOCK + visitors) + "x";
            assertThat(wire.read(expected.length())).isEqualTo(expected);
        }
        // Who comes by itself, or is not asked for, has told nothing.
        try (Wire wire = from(STRANGER, door)) {
            wire.send("x");
            assertThat(wire.read(29))
                    .startsWith(bytes(SIGNATURE + "2111000c7f000035"))
                    .endsWith("x");
        }
    }

    @Test
    void tlvs_asManyAsAreTaken_passTheHop() throws Exception {
        String ssl = "200f9b" + "0100000000" + "280f93" + "5a".repeat(0xf93);
        String header = bytes(SIGNATURE + "2111" + length(BLOCK + ssl) + BLOCK + ssl);
        try (Wire wire = from(REQUIRED, "127.0.0.5")) {
            wire.send(header + "x");
            assertThat(wire.read(header.length() + 1)).isEqualTo(header + "x");
        }
    }

    private static String bytes(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
    }

    private static String length(String hex) {
        return String.format("%04x", hex.length() / 2);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void header_thatIsWrong_isClosedAndCounted(Row row) throws Exception {
        long before = counted("proxy.malformed." + row.expected);
        int accepted = target.accepted();
        try (Wire wire = from(REQUIRED, "127.0.0.2")) {
            wire.send(row.header);
            assertThat(closed(wire)).isTrue();
        }
        assertThat(counted("proxy.malformed." + row.expected)).isEqualTo(before + 1);
        assertThat(target.accepted()).isEqualTo(accepted);
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void header_byteByByte_isTakenAllTheSame(Row row) throws Exception {
        if (row.header.length() > 300) {
            return;
        }
        try (Wire wire = from(REQUIRED, "127.0.0.2")) {
            wire.socket().setTcpNoDelay(true);
            for (int i = 0; i < row.header.length(); i++) {
                wire.send(row.header.substring(i, i + 1));
            }
            wire.send("x");
            assertThat(wire.readUntil("\r\n")).startsWith(row.expected);
            assertThat(wire.read(1)).isEqualTo("x");
        }
    }

    @Test
    void header_fromAStranger_isCutAndCounted_alsoInPieces() throws Exception {
        for (Row row : List.of(Row.line(TCP4, ""), Row.binary("TCP4", "2111000c" + BLOCK, ""))) {
            for (int split : new int[] {1, 5, 6, 11, row.header.length()}) {
                long before = counted("proxy.untrusted");
                try (Wire wire = from(STRANGER, "127.0.0.3")) {
                    assertThat(isCut(wire, row.header.substring(0, split), row.header.substring(split)))
                            .isTrue();
                }
                assertThat(counted("proxy.untrusted")).isEqualTo(before + 1);
            }
        }
    }

    @Test
    void header_behindAHeader_isCutAndCounted() throws Exception {
        long before = counted("proxy.untrusted");
        try (Wire wire = from(REQUIRED, "127.0.0.3")) {
            wire.send(TCP4 + TCP4);
            assertThat(closed(wire)).isTrue();
        }
        assertThat(counted("proxy.untrusted")).isEqualTo(before + 1);
    }

    @Test
    void plainConnection_ofAnOptionalSource_isServedWhoeverSpeaksFirst() throws Exception {
        try (Wire speaks = from(OPTIONAL, "127.0.0.2")) {
            speaks.send("hello");
            assertThat(speaks.readUntil("\r\n")).startsWith("PROXY TCP4 127.0.0.52 ");
            assertThat(speaks.read(5)).isEqualTo("hello");
        }
        // The target speaks first: its announcement comes without a word of the visitor.
        try (Wire listens = from(OPTIONAL, "127.0.0.2")) {
            assertThat(listens.readUntil("\r\n")).startsWith("PROXY TCP4 127.0.0.52 ");
        }
        try (Wire named = from(OPTIONAL, "127.0.0.2")) {
            named.send(TCP4);
            assertThat(named.readUntil("\r\n")).isEqualTo(TCP4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "10.0.0.1", "192.168.1.1", "10.77.0.1", "169.254.1.1", "224.0.0.1", "0.0.0.0"})
    void claim_ofAnAddressThatNoVisitorHas_isRefused(String lie) throws Exception {
        long before = counted("proxy.denied.client");
        try (Wire wire = from(REQUIRED, "127.0.0.2")) {
            wire.send("PROXY TCP4 " + lie + " 192.0.2.1 1 2\r\n");
            assertThat(closed(wire)).isTrue();
        }
        assertThat(counted("proxy.denied.client")).isEqualTo(before + 1);
    }

    @Test
    void namedVisitor_passesAccessOnItsOwn() throws Exception {
        long before = counted("denied.acl");
        try (Wire wire = from(REQUIRED, "127.0.0.3")) {
            wire.send("PROXY TCP4 203.0.113.66 192.0.2.1 1 2\r\nhello");
            assertThat(closed(wire)).isTrue();
        }
        assertThat(counted("denied.acl")).isEqualTo(before + 1);
    }

    @Test
    void headerThatStalls_isClosedAfterAWhileAndCounted() throws Exception {
        long before = counted("proxy.slow");
        try (Wire wire = from(REQUIRED, "127.0.0.2")) {
            wire.send("PROXY TCP4 203.0");
            assertThat(closed(wire)).isTrue();
        }
        assertThat(counted("proxy.slow")).isEqualTo(before + 1);
    }

    @Test
    void http_behindAHeader_forwardsTheNamedVisitor() throws Exception {
        String request = "POST / HTTP/1.1\r\nHost: web.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        try (Wire wire = from(REQUIRED, "127.0.0.4")) {
            // The echo is no response of HTTP; that it was asked is what counts.
            wire.send(TCP4 + request);
            assertThat(wire.readAll()).startsWith("HTTP/1.1 502");
        }
        try (Wire wire = from(STRANGER, "127.0.0.4")) {
            wire.send(TCP4 + request);
            assertThat(wire.readAll()).doesNotContain("502");
        }
    }

    private static long counted(String kind) {
        long sum = 0;
        for (var each : road.gateway().events().counters().entrySet()) {
            boolean prefix = kind.endsWith("_") && each.getKey().startsWith(kind);
            sum += each.getKey().equals(kind) || prefix ? each.getValue() : 0;
        }
        return sum;
    }

    /// The first piece may be the last one that is taken.
    private static boolean isCut(Wire wire, String first, String second) throws IOException {
        try {
            wire.send(first).send(second);
            return closed(wire);
        } catch (SocketException reset) {
            return true;
        }
    }

    /// Whether the other end has closed it, in whatever way.
    private static boolean closed(Wire wire) throws IOException {
        wire.socket().setSoTimeout((int) TimeUnit.SECONDS.toMillis(20));
        try {
            return wire.input().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    private static Wire from(String address, String door) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
        socket.connect(road.gateway().at(door), 5_000);
        return new Wire(socket);
    }
}
