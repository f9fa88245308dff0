package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ForwardedDatagramsTest {
    private static final InetAddress OWN4 = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress OWN6 = InetAddress.ofLiteral("fd77::1");
    private static final int UDP = 17;
    private static final int TCP = 6;
    // More fragments, and the offset of the second of them.
    private static final int MORE = 0x2000;

    private final ForwardedDatagrams forwarded = new ForwardedDatagrams(List.of(OWN4, OWN6));

    @BeforeEach
    void forward() {
        forwarded.set(true);
    }

    private boolean contain(byte[] packet) {
        byte[] behindSomething = new byte[packet.length + 5];
        System.arraycopy(packet, 0, behindSomething, 5, packet.length);
        return forwarded.contain(behindSomething, 5, packet.length);
    }

    private static byte[] ipv4(InetAddress to, int protocol, int piece, int port) {
        return ByteBuffer.allocate(28)
                .put(0, (byte) 0x45)
                .putShort(6, (short) piece)
                .put(9, (byte) protocol)
                .put(16, to.getAddress())
                .putShort(22, (short) port)
                .array();
    }

    private static byte[] ipv6(InetAddress to, int port) {
        return ByteBuffer.allocate(48)
                .put(0, (byte) 0x60)
                .put(6, (byte) UDP)
                .put(24, to.getAddress())
                .putShort(42, (short) port)
                .array();
    }

    @Test
    void contain_portOfTheKernels_isOneOfBothVersions() {
        assertThat(contain(ipv4(OWN4, UDP, 0, ForwardedDatagrams.FIRST))).isTrue();
        assertThat(contain(ipv4(OWN4, UDP, 0, ForwardedDatagrams.LAST))).isTrue();
        assertThat(contain(ipv6(OWN6, 20_000))).isTrue();
    }

    @Test
    void contain_portOfTheStacks_isNone() {
        assertThat(contain(ipv4(OWN4, UDP, 0, ForwardedDatagrams.LAST + 1))).isFalse();
        assertThat(contain(ipv4(OWN4, UDP, 0, 4512))).isFalse();
        assertThat(contain(ipv6(OWN6, 40_000))).isFalse();
    }

    @Test
    void contain_addressOfAVisitor_isOneAtAnyPort() {
        assertThat(contain(ipv4(InetAddress.ofLiteral("203.0.113.9"), UDP, 0, 50_000)))
                .isTrue();
        assertThat(contain(ipv6(InetAddress.ofLiteral("2001:db8::9"), 50_000))).isTrue();
    }

    @Test
    void contain_piecesOfADatagram_areTheKernels() {
        assertThat(contain(ipv4(OWN4, UDP, MORE, 50_000))).isTrue();
        assertThat(contain(ipv4(OWN4, UDP, 90, 50_000))).isTrue();
    }

    @Test
    void contain_otherProtocolOrCutShort_isNone() {
        assertThat(contain(ipv4(OWN4, TCP, 0, 20_000))).isFalse();
        assertThat(contain(Arrays.copyOf(ipv4(OWN4, UDP, 0, 20_000), 22))).isFalse();
    }

    @Test
    void contain_withoutForwards_isNone() {
        forwarded.set(false);

        assertThat(contain(ipv4(OWN4, UDP, 0, 20_000))).isFalse();
    }
}
