package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Host;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class IsnGeneratorTest {
    /// Key 00..0f and message 00..27: the reference program of SipHash (Aumasson and Bernstein), vector of 40
    /// bytes.
    @Test
    void sipHash_publishedVector_matches() {
        long k0 = 0x0706050403020100L;
        long k1 = 0x0f0e0d0c0b0a0908L;
        long hash = IsnGenerator.sipHash(
                k0,
                k1,
                0x0706050403020100L,
                0x0f0e0d0c0b0a0908L,
                0x1716151413121110L,
                0x1f1e1d1c1b1a1918L,
                0x2726252423222120L);
        assertThat(hash).isEqualTo(0x0e3ea96b5304a7d0L);
        assertThat(IsnGenerator.sipHash(k0, k1)).isEqualTo(0x726fdb47dd0e0e31L);
    }

    @Test
    void isn_sameTuple_growsWithTheClock() {
        Host host = new Host();
        TcpSocket one = Objects.requireNonNull(host.stack.connect(null, new InetSocketAddress(Host.PEER, 80), 0));
        TcpSocket other = Objects.requireNonNull(host.stack.connect(null, new InetSocketAddress(Host.PEER, 80), 0));
        IsnGenerator generator = new IsnGenerator(new SplittableRandom(4));
        int first = generator.isn(one, 0);
        assertThat(generator.isn(one, 4096_000L) - first).isEqualTo(1000);
        assertThat(generator.isn(other, 0)).isNotEqualTo(first);
        assertThat(new IsnGenerator(new SplittableRandom(5)).isn(one, 0)).isNotEqualTo(first);
    }
}
