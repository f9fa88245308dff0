package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Link;
import dev.culvert.proto.netstack.testing.SimNet;
import dev.culvert.proto.netstack.testing.Transfer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Seeded schedules of loss, reorder, duplication, delay and corruption between two stacks, with an oracle: every
/// byte once and in order or the connection failed, and nothing left behind.
final class SimNetTest {
    private static final int SCHEDULES = 10_000;
    private static final long KEEP_ALIVE = 60L * 1_000_000_000L;
    private static final long HOUR = 3600L * 1_000_000_000L;

    @Test
    void simNet_tenThousandSchedules_deliverEveryByteOnceOrFail() {
        int failed = 0;
        for (long seed = 0; seed < SCHEDULES; seed++) {
            try {
                failed += run(seed) ? 0 : 1;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        // Only the handshake gives up within minutes, and only where most packets are lost.
        assertThat(failed).isLessThan(SCHEDULES / 100);
    }

    /// Runs one schedule; false if the connection failed, as it may when the network is bad enough.
    private static boolean run(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Link link = Link.ofLatency(1 + random.nextInt(80))
                .withJitter(random.nextInt(3) == 0 ? 1 + random.nextInt(40) * Link.MS : 0)
                .withLoss(random.nextInt(3) == 0 ? random.nextDouble(0.25) : 0)
                .withDuplicates(random.nextInt(4) == 0 ? random.nextDouble(0.2) : 0)
                .withCorruption(random.nextInt(4) == 0 ? random.nextDouble(0.1) : 0);
        SimNet net = new SimNet(seed, link, link, random.nextBoolean() ? 1420 : 1280);
        long up = random.nextInt(4) == 0 ? 0 : random.nextInt(40_000);
        long down = random.nextInt(4) == 0 ? 0 : random.nextInt(40_000);
        Ends ends = new Ends(net, random, up, down, random.nextBoolean());
        boolean quiet = net.runUntil(net.now + HOUR);
        assertThat(quiet).as("everything came to rest").isTrue();
        assertThat(net.a.sockets() + net.b.sockets()).as("sockets left").isZero();
        assertThat(net.a.bufferMemory() + net.b.bufferMemory())
                .as("memory left")
                .isZero();
        return ends.check();
    }

    /// A client on one host and a server on the other, each with its part of the oracle.
    static final class Ends {
        final Transfer client;
        final Transfer server;
        final TcpSocket socket;
        final TcpListener listener;

        @Nullable
        TcpSocket accepted;

        Ends(SimNet net, SplittableRandom random, long up, long down, boolean ipv6) {
            this(net, random, up, down, ipv6 ? SimNet.B6 : SimNet.B, 3000);
        }

        Ends(SimNet net, SplittableRandom random, long up, long down, InetAddress to, int chunk) {
            client = new Transfer(random.split(), up, down, 1, 2, chunk);
            server = new Transfer(random.split(), down, up, 2, 1, chunk);
            listener = Objects.requireNonNull(net.b.listen(80));
            socket = Objects.requireNonNull(net.a.connect(null, new InetSocketAddress(to, 80), net.now));
            socket.keepAlive(KEEP_ALIVE);
            net.apps((stack, _) -> serveClient(stack), (stack, _) -> serveServer(stack));
        }

        private void serveClient(Stack stack) {
            while (stack.pollReady() != null) {
                if (socket.isConnected()) {
                    client.serve(socket);
                } else {
                    socket.close();
                }
            }
        }

        private void serveServer(Stack stack) {
            for (Pollable ready = stack.pollReady(); ready != null; ready = stack.pollReady()) {
                if (ready == listener) {
                    accepted = listener.accept();
                    if (accepted != null) {
                        // Without it, an end whose peer has given up waits for ever, as TCP is meant to.
                        accepted.keepAlive(KEEP_ALIVE);
                    }
                }
                if (accepted != null) {
                    server.serve(accepted);
                }
            }
        }

        boolean check() {
            boolean failed = socket.failure() != null || (accepted != null && accepted.failure() != null);
            assertThat(failed || (client.isComplete() && server.isComplete()))
                    .as("complete or failed: %s %s", socket, accepted)
                    .isTrue();
            return !failed;
        }
    }
}
