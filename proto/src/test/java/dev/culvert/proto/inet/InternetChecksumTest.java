package dev.culvert.proto.inet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class InternetChecksumTest {
    @Test
    void sum_exampleOfRfc1071_matches() {
        byte[] bytes = HexFormat.of().parseHex("0001f203f4f5f6f7");
        assertThat(InternetChecksum.sum(bytes, 0, 8)).isEqualTo(0xddf2);
        assertThat(InternetChecksum.finish(0xddf2)).isEqualTo(0x220d);
    }

    @Test
    void sum_anyRange_agreesWithTheDefinition() {
        SplittableRandom random = new SplittableRandom(6);
        byte[] bytes = new byte[2000];
        for (int i = 0; i < 20_000; i++) {
            random.nextBytes(bytes);
            int offset = random.nextInt(40);
            int length = random.nextInt(i % 2 == 0 ? 80 : 1900);
            assertThat(InternetChecksum.sum(bytes, offset, length))
                    .as("%s bytes at %s", length, offset)
                    .isEqualTo(naive(bytes, offset, length));
        }
    }

    @Test
    void sum_ofOnes_doesNotOverflow() {
        byte[] bytes = new byte[65535];
        Arrays.fill(bytes, (byte) 0xff);
        assertThat(InternetChecksum.sum(bytes, 0, 65534)).isEqualTo(0xffff);
        assertThat(InternetChecksum.sum(bytes, 0, 65535)).isEqualTo(naive(bytes, 0, 65535));
    }

    private static int naive(byte[] bytes, int offset, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            int value = bytes[offset + i] & 0xff;
            sum += i % 2 == 0 ? value << 8 : value;
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    @Test
    void pseudoHeader_ipv4_isThatOfRfc9293() {
        long sum = InternetChecksum.pseudoHeader(
                0, AddressWords.ipv4Low(0x0a000001), 0, AddressWords.ipv4Low(0x0a000002), IpProtocol.TCP);
        assertThat(InternetChecksum.fold(sum)).isEqualTo(0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6);
    }
}
