package dev.culvert.proto.proxyprotocol;

import static dev.culvert.proto.proxyprotocol.testing.Bytes.TCP4;
import static dev.culvert.proto.proxyprotocol.testing.Bytes.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.proxyprotocol.ProxyHeaderParser.Accepted;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ProxyHeaderWriterTest {
    private static final long SEED = 7_331;
    private static final InetSocketAddress SOURCE = endpoint("203.0.113.7", 1234);
    private static final InetSocketAddress DESTINATION = endpoint("192.0.2.1", 443);

    private final ByteBuffer out = ByteBuffer.allocate(70_000);

    @Test
    void writeV1_tcp_isOneLine() {
        assertThat(line(ProxyHeader.of(Transport.TCP, SOURCE, DESTINATION, List.of())))
                .isEqualTo("PROXY TCP4 203.0.113.7 192.0.2.1 1234 443\r\n");
        assertThat(line(ProxyHeader.of(Transport.TCP, endpoint("2001:db8::1", 0), endpoint("::", 1), List.of())))
                .isEqualTo("PROXY TCP6 2001:db8::1 :: 0 1\r\n");
    }

    @Test
    void writeV1_mixedFamilies_mapsIpv4() {
        assertThat(line(ProxyHeader.of(Transport.TCP, SOURCE, endpoint("2001:db8::1", 443), List.of())))
                .isEqualTo("PROXY TCP6 ::ffff:203.0.113.7 2001:db8::1 1234 443\r\n");
    }

    @Test
    void writeV1_whatALineCannotSay_isUnknown() {
        assertThat(line(ProxyHeader.local())).isEqualTo("PROXY UNKNOWN\r\n");
        assertThat(line(ProxyHeader.of(Transport.UDP, SOURCE, DESTINATION, List.of())))
                .isEqualTo("PROXY UNKNOWN\r\n");
    }

    @Test
    void writeV2_referenceVectors_matchByteForByte() {
        ProxyHeader tcp4 = ProxyHeader.of(Transport.TCP, SOURCE, DESTINATION, List.of());
        assertThat(binary(tcp4, false)).isEqualTo(v2("2111000c" + TCP4).array());
        assertThat(binary(tcp4, true))
                .isEqualTo(v2("21110013" + TCP4 + "030004 c7dd21a8").array());
    }

    @Test
    void writeV2_local_hasNothingBehindIt() {
        assertThat(binary(ProxyHeader.local(), true)).isEqualTo(v2("20000000").array());
    }

    @Test
    void writeV2_littleEndianBuffer_keepsItsOrder() {
        out.order(ByteOrder.LITTLE_ENDIAN);
        ProxyHeader tcp4 = ProxyHeader.of(Transport.TCP, SOURCE, DESTINATION, List.of());
        assertThat(binary(tcp4, false)).isEqualTo(v2("2111000c" + TCP4).array());
        assertThat(out.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void lengthV2_tlvsBeyondTheField_throws() {
        ProxyHeader header = ProxyHeader.unspecified(List.of(Tlv.of(0xf0, new byte[65_533])));
        assertThatThrownBy(() -> ProxyHeaderWriter.lengthV2(header, false))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void header_addressesThatDoNotFit_throws() {
        assertThatThrownBy(() -> new ProxyHeader(Command.LOCAL, Transport.TCP, SOURCE, DESTINATION, null, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProxyHeader(Command.PROXY, Transport.TCP, SOURCE, null, null, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ProxyHeader.unspecified(List.of(Tlv.of(Tlv.CRC32C, new byte[4]))))
                .isInstanceOf(IllegalArgumentException.class);
        InetSocketAddress name = InetSocketAddress.createUnresolved("example.com", 1);
        assertThatThrownBy(() -> ProxyHeader.of(Transport.TCP, name, DESTINATION, List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writeV2_randomHeaders_parseBackToThemselves() throws UnknownHostException {
        ProxyHeaderParser parser = new ProxyHeaderParser(ProxyHeaderParser.MAX_TLV_BYTES)
                .keepingCustom(
                        0xe0, 0xe1, 0xe2, 0xe3, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef);
        Random random = new Random(SEED);
        for (int i = 0; i < 5_000; i++) {
            ProxyHeader header = randomHeader(random);
            byte[] bytes = binary(header, random.nextBoolean());
            assertThat(parser.parse(ByteBuffer.wrap(bytes)))
                    .as("seed %d, round %d: %s", SEED, i, header)
                    .isEqualTo(new Accepted(header, bytes.length));
        }
    }

    @Test
    void writeV1_randomHeaders_parseBackToThemselves() throws UnknownHostException {
        Random random = new Random(SEED);
        for (int i = 0; i < 5_000; i++) {
            ProxyHeader header =
                    ProxyHeader.of(Transport.TCP, randomEndpoint(random), randomEndpoint(random), List.of());
            String line = line(header);
            assertThat(new ProxyHeaderParser().parse(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII))))
                    .as("seed %d, round %d: %s", SEED, i, line)
                    .isEqualTo(new Accepted(header, line.length()));
        }
    }

    /// One flipped bit in a header with a checksum is never read as another header of the same connection.
    @Test
    void crc_everySingleBitFlipBehindTheFixedPart_isRefused() {
        ProxyHeader header = ProxyHeader.of(Transport.TCP, SOURCE, DESTINATION, List.of(Tlv.of(0xf0, new byte[20])));
        byte[] bytes = binary(header, true);
        int crcField = bytes.length - 7;
        for (int bit = 8 * BinaryParser.FIXED; bit < 8 * bytes.length; bit++) {
            if (bit >= 8 * crcField && bit < 8 * (crcField + 1)) {
                continue; // the type: what is no longer called a checksum is not checked
            }
            byte[] flipped = bytes.clone();
            flipped[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThat(new ProxyHeaderParser().parse(ByteBuffer.wrap(flipped)))
                    .as("bit %d", bit)
                    .isInstanceOf(ProxyHeaderParser.Malformed.class);
        }
    }

    private static ProxyHeader randomHeader(Random random) throws UnknownHostException {
        List<Tlv> tlvs = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            int type = random.nextInt(256);
            if (type != Tlv.CRC32C && type != Tlv.NOOP && type != Tlv.SSL && type != HopRequest.TLV_TYPE) {
                byte[] value = new byte[random.nextInt(128)];
                random.nextBytes(value);
                tlvs.add(Tlv.of(type, value));
            }
        }
        return switch (random.nextInt(5)) {
            case 0 -> new ProxyHeader(Command.LOCAL, Transport.UNSPEC, null, null, null, tlvs);
            case 1 -> ProxyHeader.unspecified(tlvs);
            case 2 -> ProxyHeader.unix(new UnixPaths(randomPath(random), randomPath(random)), tlvs);
            case 3 -> ProxyHeader.of(Transport.UDP, randomEndpoint(random), randomEndpoint(random), tlvs);
            default -> ProxyHeader.of(Transport.TCP, randomEndpoint(random), randomEndpoint(random), tlvs);
        };
    }

    private static InetSocketAddress randomEndpoint(Random random) throws UnknownHostException {
        byte[] address = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(address);
        return new InetSocketAddress(InetAddress.getByAddress(address), random.nextInt(65_536));
    }

    private static String randomPath(Random random) {
        StringBuilder path = new StringBuilder();
        for (int i = random.nextInt(109); i > 0; i--) {
            path.append((char) (1 + random.nextInt(255)));
        }
        return path.toString();
    }

    private String line(ProxyHeader header) {
        out.clear();
        int length = ProxyHeaderWriter.writeV1(out, header);
        assertThat(length).isEqualTo(out.position()).isLessThanOrEqualTo(107);
        return new String(out.array(), 0, length, StandardCharsets.US_ASCII);
    }

    private byte[] binary(ProxyHeader header, boolean crc32c) {
        out.clear();
        int length = ProxyHeaderWriter.writeV2(out, header, crc32c);
        assertThat(length).isEqualTo(out.position()).isEqualTo(ProxyHeaderWriter.lengthV2(header, crc32c));
        byte[] bytes = new byte[length];
        out.get(0, bytes);
        return bytes;
    }

    private static InetSocketAddress endpoint(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }
}
