package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Link;
import dev.culvert.proto.netstack.testing.SimNet;
import dev.culvert.proto.netstack.testing.Transfer;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How fast a bulk transfer goes over paths of 100 Mbit/s in virtual time: a change of an algorithm shows here.
final class GoodputTest {
    private static final long BYTES = 20_000_000;
    private static final int SEEDS = 3;

    /// With 1 % loss, no loss-based control exceeds about 1.2 segments per round trip and square root of the loss
    /// (Mathis, 1997): 67 Mbit/s at 2 ms, 6.7 at 20 ms, 1.3 at 100 ms. Without loss, the windows grow with
    /// the path.
    @ParameterizedTest
    @CsvSource({
        "  1, 0.00, 90, 100",
        " 20, 0.00, 85, 100",
        "100, 0.00, 45, 100",
        "  1, 0.01, 60, 100",
        " 20, 0.01,  5,  20",
        "100, 0.01,  1,   5",
    })
    void bulk_overPath_reaches(int rttMillis, double loss, double atLeast, double atMost) {
        double sum = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            sum += megabits(rttMillis, loss, seed);
        }
        assertThat(sum / SEEDS).as("Mbit/s").isBetween(atLeast, atMost);
    }

    private static double megabits(int rttMillis, double loss, int seed) {
        long oneWay = rttMillis * Link.MS / 2;
        Link forth = new Link(oneWay, 0, loss, 0, 0, 65535, 100_000_000 / 8, 256 * 1024, 0, 1);
        SimNet net = new SimNet(seed, forth, new Link(oneWay, 0, loss, 0, 0, 65535, 0, 0, 0, 1), 1420);
        TcpListener listener = Objects.requireNonNull(net.b.listen(80));
        TcpSocket client = Objects.requireNonNull(net.a.connect(null, new InetSocketAddress(SimNet.B, 80), net.now));
        SplittableRandom random = new SplittableRandom(seed);
        Transfer sender = new Transfer(random, BYTES, 0, 1, 2, 65536, false);
        Transfer receiver = new Transfer(random, 0, BYTES, 2, 1, 65536, false);
        AtomicReference<@Nullable TcpSocket> accepted = new AtomicReference<>();
        net.apps(
                (stack, now) -> {
                    if (stack.pollReady() != null) {
                        sender.serve(client, now);
                    }
                    return Long.MAX_VALUE;
                },
                (stack, now) -> {
                    for (Pollable ready = stack.pollReady(); ready != null; ready = stack.pollReady()) {
                        if (ready == listener) {
                            accepted.set(listener.accept());
                        }
                        receiver.serve(Objects.requireNonNull(accepted.get()), now);
                    }
                    return Long.MAX_VALUE;
                });
        long start = net.now;
        while (receiver.received() < BYTES) {
            net.runUntil(net.now + 10 * Link.MS);
            assertThat(net.now - start).isLessThan(600_000 * Link.MS);
        }
        return BYTES * 8 * 1e3 / (net.now - start);
    }
}
