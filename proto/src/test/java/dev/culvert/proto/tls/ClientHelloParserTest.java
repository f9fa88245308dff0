package dev.culvert.proto.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Hellos of real clients (src/test/resources/tls), whole, in pieces, and bent.
class ClientHelloParserTest {
    private static final int RECORD_HEADER = 5;

    static Stream<String> clients() {
        return Stream.of("openssl", "openssl-tls12", "openssl-noname", "curl", "java", "boringssl");
    }

    private static byte[] hello(String client) {
        try (InputStream in = ClientHelloParserTest.class.getResourceAsStream("/tls/" + client + ".hex")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
            return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HelloVerdict parse(byte[] bytes) {
        return new ClientHelloParser().handleBytes(ByteBuffer.wrap(bytes));
    }

    private static ClientHello accepted(HelloVerdict verdict) {
        assertThat(verdict).isInstanceOf(HelloVerdict.Accepted.class);
        return ((HelloVerdict.Accepted) verdict).hello();
    }

    private static HelloFault fault(HelloVerdict verdict) {
        assertThat(verdict).isInstanceOf(HelloVerdict.Malformed.class);
        return ((HelloVerdict.Malformed) verdict).fault();
    }

    @ParameterizedTest
    @CsvSource({
        "openssl, openssl.example.com, h2 http/1.1, 0x0304",
        "openssl-tls12, openssl.example.com, '', 0x0303",
        "openssl-noname, , '', 0x0304",
        "curl, curl.example.com, h2 http/1.1, 0x0304",
        "java, java.example.com, h2 http/1.1, 0x0304",
        "boringssl, boringssl.example.com, h2 http/1.1, 0x0304"
    })
    void helloOfARealClient_isUnderstood(String client, String name, String protocols, String version) {
        ClientHello hello = accepted(parse(hello(client)));

        assertThat(hello.serverName()).isEqualTo(name);
        assertThat(String.join(" ", hello.protocols())).isEqualTo(protocols);
        assertThat(hello.version()).isEqualTo(Integer.decode(version));
    }

    @Test
    void postQuantumHello_isLongerThanASegment() {
        assertThat(hello("boringssl").length).isGreaterThan(1460);
    }

    @ParameterizedTest
    @MethodSource("clients")
    void helloByteByByte_saysTheSameAtItsLastByteOnly(String client) {
        byte[] bytes = hello(client);
        HelloVerdict whole = parse(bytes);
        ClientHelloParser parser = new ClientHelloParser();
        for (int i = 0; i < bytes.length - 1; i++) {
            assertThat(parser.handleBytes(ByteBuffer.wrap(bytes, i, 1)))
                    .as("byte %d", i)
                    .isInstanceOf(HelloVerdict.NeedMore.class);
        }

        assertThat(parser.handleBytes(ByteBuffer.wrap(bytes, bytes.length - 1, 1)))
                .isEqualTo(whole);
    }

    @ParameterizedTest
    @MethodSource("clients")
    void helloSplitAnywhere_saysTheSame(String client) {
        byte[] bytes = hello(client);
        HelloVerdict whole = parse(bytes);
        for (int cut = 1; cut < bytes.length; cut++) {
            ClientHelloParser parser = new ClientHelloParser();
            parser.handleBytes(ByteBuffer.wrap(bytes, 0, cut));
            assertThat(parser.handleBytes(ByteBuffer.wrap(bytes, cut, bytes.length - cut)))
                    .as("cut at %d", cut)
                    .isEqualTo(whole);
        }
    }

    /// CVE-2026-75595 lives where the message's own header spans two records.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 60, 300})
    void helloOverManyRecords_saysTheSame(int fragment) {
        byte[] bytes = hello("java");
        HelloVerdict verdict = parse(records(message(bytes), fragment));

        if ((bytes.length + fragment - 1) / fragment > 64) {
            assertThat(fault(verdict)).isEqualTo(HelloFault.TOO_MANY_RECORDS);
        } else {
            assertThat(verdict).isEqualTo(parse(bytes));
        }
    }

    @Test
    void firstFragmentsOfOneByte_thenTheRest_saysTheSame() {
        byte[] message = message(hello("java"));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < 6; i++) {
            all.writeBytes(record(Arrays.copyOfRange(message, i, i + 1)));
        }
        all.writeBytes(record(Arrays.copyOfRange(message, 6, message.length)));

        assertThat(parse(all.toByteArray())).isEqualTo(parse(hello("java")));
    }

    @Test
    void bytesBehindTheHello_areLeft() {
        byte[] bytes = hello("curl");
        ByteBuffer in = ByteBuffer.wrap(Arrays.copyOf(bytes, bytes.length + 9));

        accepted(new ClientHelloParser().handleBytes(in));

        assertThat(in.remaining()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource({
        "'GET / HTTP/1.1', PLAIN_HTTP",
        "'SSH-2.0-OpenSSH', PLAIN_HTTP",
        "'\u0080.\u0001\u0003\u0001', NOT_TLS",
        "'\u0017\u0003\u0003', NOT_TLS",
        "'\u0016\u0002', RECORD_VERSION",
        "'\u0016\u0003\u0001\u0000\u0000', RECORD_LENGTH",
        "'\u0016\u0003\u0001@\u0001', RECORD_LENGTH",
        "'\u0016\u0003\u0001\u0000\u0004\u0002', NOT_CLIENT_HELLO",
        "'\u0016\u0003\u0001\u0000\u0004\u0001\u0000@\u0001', TOO_LONG"
    })
    void otherFirstBytes_areRefusedAtOnce(String text, HelloFault expected) {
        ClientHelloParser parser = new ClientHelloParser();
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);

        assertThat(fault(parser.handleBytes(ByteBuffer.wrap(bytes)))).isEqualTo(expected);
        assertThat(fault(parser.handleBytes(ByteBuffer.wrap(hello("curl"))))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "Photos.EXAMPLE.com, photos.example.com",
        "photos.example.com., photos.example.com",
        "a_b.example.com, a_b.example.com",
        "xn--bcher-kva.example, xn--bcher-kva.example"
    })
    void serverName_isFolded(String sent, String expected) {
        assertThat(accepted(parse(withExtensions(serverName(sent)))).serverName())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "a..b",
                ".a",
                "192.0.2.1",
                "2001:db8::1",
                "a\u0000b",
                "a b",
                "b\u00fccher.de",
                "*.a.b",
                "a/b"
            })
    void serverName_thatIsNone_isAFault(String sent) {
        assertThat(fault(parse(withExtensions(serverName(sent))))).isEqualTo(HelloFault.BAD_SERVER_NAME);
    }

    @Test
    void serverName_ofMoreThan253Characters_isAFault() {
        String label = "a".repeat(60) + ".";
        assertThat(fault(parse(withExtensions(serverName(label.repeat(4) + "a".repeat(10))))))
                .isEqualTo(HelloFault.BAD_SERVER_NAME);
    }

    @Test
    void twoServerNames_areAFault() {
        byte[] two = extension(0, "\u0000\u0008\u0000\u0000\u0001a\u0000\u0000\u0001b");
        assertThat(fault(parse(withExtensions(two)))).isEqualTo(HelloFault.TWO_SERVER_NAMES);
        byte[] twice = concat(serverName("a.test"), serverName("b.test"));
        assertThat(fault(parse(withExtensions(twice)))).isEqualTo(HelloFault.DUPLICATE_EXTENSION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000\u0000", "\u0000\u0001\u0000", "\u0000\u0003\u0003h2", "\u0000\u0004\u0002h2"})
    void brokenAlpn_isAFault(String body) {
        assertThat(fault(parse(withExtensions(extension(16, body))))).isEqualTo(HelloFault.BAD_ALPN);
    }

    @Test
    void encryptedHello_isSeen_withItsOuterName() {
        ClientHello hello =
                accepted(parse(withExtensions(concat(serverName("outer.test"), extension(0xfe0d, "\u0000\u0001")))));

        assertThat(hello.encrypted()).isTrue();
        assertThat(hello.serverName()).isEqualTo("outer.test");
    }

    @Test
    void greaseVersion_isNoVersion() {
        ClientHello hello =
                accepted(parse(withExtensions(extension(43, "\u0006\u001a\u001a\u0003\u0004\u0003\u0003"))));

        assertThat(hello.version()).isEqualTo(ClientHello.TLS_1_3);
    }

    @Test
    void extensionsThatEndTooEarlyOrTooLate_areAFault() {
        byte[] name = serverName("a.test");
        byte[] cut = Arrays.copyOf(name, name.length - 1);
        assertThat(fault(parse(withExtensions(cut)))).isEqualTo(HelloFault.BAD_LENGTH);
        byte[] rest = concat(name, new byte[] {0});
        assertThat(fault(parse(withExtensions(rest)))).isEqualTo(HelloFault.BAD_LENGTH);
    }

    @Test
    void handshakeBehindTheHello_inTheSameRecord_isAFault() {
        byte[] two = concat(message(hello("curl")), new byte[] {1, 0, 0, 0});
        assertThat(fault(parse(record(two)))).isEqualTo(HelloFault.TRAILING_BYTES);
    }

    @Test
    void longestHello_isTaken_andOneByteMoreIsNot() {
        assertThat(accepted(parse(records(padded(ClientHelloParser.MAX_MESSAGE), 16_000)))
                        .serverName())
                .isNull();
        assertThat(fault(parse(records(padded(ClientHelloParser.MAX_MESSAGE + 1), 16_000))))
                .isEqualTo(HelloFault.TOO_LONG);
    }

    /// Whatever is bent, the answer is a verdict; and a hello that loses its name does not become one without a name
    /// by a broken length.
    @ParameterizedTest
    @MethodSource("clients")
    void bentHello_neverThrows_andDependsOnNoSplit(String client) {
        byte[] right = hello(client);
        long seed = 20_261_121;
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            byte[] bent = right.clone();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                bent[random.nextInt(bent.length)] = (byte) random.nextInt();
            }
            int length = random.nextInt(4) == 0 ? random.nextInt(bent.length) : bent.length;
            HelloVerdict whole = parse(Arrays.copyOf(bent, length));
            ClientHelloParser parser = new ClientHelloParser();
            HelloVerdict pieces = parser.handleBytes(ByteBuffer.allocate(0));
            for (int at = 0; at < length; ) {
                int piece = Math.min(length - at, random.nextInt(1, 80));
                pieces = parser.handleBytes(ByteBuffer.wrap(bent, at, piece));
                at += piece;
            }
            assertThat(pieces).as("seed %d, round %d", seed, round).isEqualTo(whole);
        }
    }

    private static byte[] message(byte[] hello) {
        return Arrays.copyOfRange(hello, RECORD_HEADER, hello.length);
    }

    private static byte[] records(byte[] message, int fragment) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int at = 0; at < message.length; at += fragment) {
            out.writeBytes(record(Arrays.copyOfRange(message, at, Math.min(message.length, at + fragment))));
        }
        return out.toByteArray();
    }

    private static byte[] record(byte[] fragment) {
        return concat(new byte[] {22, 3, 1, (byte) (fragment.length >> 8), (byte) fragment.length}, fragment);
    }

    private static byte[] serverName(String name) {
        byte[] text = name.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer body = ByteBuffer.allocate(text.length + 5);
        body.putShort((short) (text.length + 3))
                .put((byte) 0)
                .putShort((short) text.length)
                .put(text);
        return extension(0, new String(body.array(), StandardCharsets.ISO_8859_1));
    }

    private static byte[] extension(int type, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(bytes.length + 4)
                .putShort((short) type)
                .putShort((short) bytes.length)
                .put(bytes)
                .array();
    }

    /// The smallest hello around some extensions, in one record.
    private static byte[] withExtensions(byte[] extensions) {
        return record(plain(extensions));
    }

    private static byte[] plain(byte[] extensions) {
        int body = 2 + 32 + 1 + 4 + 2 + 2 + extensions.length;
        ByteBuffer message = ByteBuffer.allocate(4 + body);
        message.putInt(1 << 24 | body)
                .putShort((short) 0x0303)
                .put(new byte[32])
                .put((byte) 0);
        message.putShort((short) 2).putShort((short) 0x1301).put((byte) 1).put((byte) 0);
        return message.putShort((short) extensions.length).put(extensions).array();
    }

    private static byte[] padded(int length) {
        int around = plain(new byte[0]).length - 4;
        return plain(extension(21, "\u0000".repeat(length - around - 4)));
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List.of(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }
}
