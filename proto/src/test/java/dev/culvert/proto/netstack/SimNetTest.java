package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Link;
import dev.culvert.proto.netstack.testing.SimNet;
import dev.culvert.proto.netstack.testing.Transfer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Seeded schedules of loss, reorder, duplication, delay and corruption between two stacks, with an oracle: every
/// byte once and in order or the connection failed, and nothing left behind. `-Dsimnet.schedules=N` runs as many.
final class SimNetTest {
    private static final int SCHEDULES = Integer.getInteger("simnet.schedules", 15_000);
    private static final long START = Long.getLong("simnet.start", 0);
    private static final long KEEP_ALIVE = 60L * 1_000_000_000L;
    private static final long HOUR = 3600L * 1_000_000_000L;

    @Test
    void simNet_schedules_deliverEveryByteOnceOrFail() {
        int failed = 0;
        for (long seed = START; seed < START + SCHEDULES; seed++) {
            try {
                failed += run(seed) ? 0 : 1;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        // Only the handshake gives up within minutes, and only where most packets are lost.
        assertThat(failed).isLessThanOrEqualTo(SCHEDULES / 100);
    }

    /// Runs one schedule; false if the connection failed, as it may when the network is bad enough.
    private static boolean run(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Link forth = link(random);
        Link back = random.nextBoolean() ? forth : link(random);
        int mtu = random.nextBoolean() ? 1420 : 1280;
        SimNet net = new SimNet(
                seed, forth, back, config(random, SimNet.A, SimNet.A6, mtu), config(random, SimNet.B, SimNet.B6, 1420));
        int most = random.nextInt(20) == 0 ? 400_000 : 30_000;
        long up = random.nextInt(4) == 0 ? 0 : random.nextInt(most);
        long down = random.nextInt(4) == 0 ? 0 : random.nextInt(most);
        Ends ends = new Ends(net, random, up, down, random.nextBoolean());
        boolean quiet = net.runUntil(net.now + HOUR);
        assertThat(quiet).as("everything came to rest").isTrue();
        assertThat(net.a.sockets() + net.b.sockets()).as("sockets left").isZero();
        assertThat(net.a.bufferMemory() + net.b.bufferMemory())
                .as("memory left")
                .isZero();
        return ends.check();
    }

    private static Link link(SplittableRandom random) {
        return Link.ofLatency(1 + random.nextInt(80))
                .withJitter(random.nextInt(3) == 0 ? 1 + random.nextInt(40) * Link.MS : 0)
                .withLoss(random.nextInt(3) == 0 ? random.nextDouble(0.25) : 0)
                .withDuplicates(random.nextInt(4) == 0 ? random.nextDouble(0.2) : 0)
                .withMarks(random.nextInt(4) == 0 ? random.nextDouble(0.3) : 0)
                .withCorruption(random.nextInt(4) == 0 ? random.nextDouble(0.1) : 0)
                .withRate(
                        random.nextInt(4) == 0 ? 50_000 + random.nextInt(1_000_000) : 0,
                        3_000 + random.nextInt(40_000));
    }

    private static StackConfig config(SplittableRandom random, InetAddress v4, InetAddress v6, int mtu) {
        int send = random.nextInt(3) == 0 ? 4096 + random.nextInt(20_000) : 1 << 20;
        int receive = random.nextInt(3) == 0 ? 4096 + random.nextInt(20_000) : 1 << 20;
        return new StackConfig(List.of(v4, v6), mtu, send, receive, 10, 10);
    }

    /// A client on one host and a server on the other, each with its part of the oracle.
    static final class Ends {
        final Transfer client;
        final Transfer server;
        final TcpSocket socket;
        final TcpListener listener;

        @Nullable
        TcpSocket accepted;

        private long clientWakeAt = Long.MAX_VALUE;
        private long serverWakeAt = Long.MAX_VALUE;

        Ends(SimNet net, SplittableRandom random, long up, long down, boolean ipv6) {
            boolean slow = random.nextInt(4) == 0;
            client = new Transfer(random.split(), up, down, 1, 2, 3000, slow);
            server = new Transfer(random.split(), down, up, 2, 1, 3000, slow && random.nextBoolean());
            listener = Objects.requireNonNull(net.b.listen(80));
            InetSocketAddress to = new InetSocketAddress(ipv6 ? SimNet.B6 : SimNet.B, 80);
            socket = Objects.requireNonNull(net.a.connect(null, to, net.now));
            socket.keepAlive(KEEP_ALIVE);
            net.apps(this::runClient, this::runServer);
        }

        /// Is as lazy as a channel: it does something only when readiness is reported, or its own time has come.
        private long runClient(Stack stack, long now) {
            boolean ready = false;
            while (stack.pollReady() != null) {
                ready = true;
            }
            if (ready && !socket.isConnected()) {
                socket.close();
            } else if (ready || now >= clientWakeAt) {
                clientWakeAt = client.serve(socket, now);
            }
            return clientWakeAt;
        }

        private long runServer(Stack stack, long now) {
            boolean ready = false;
            for (Pollable next = stack.pollReady(); next != null; next = stack.pollReady()) {
                ready = true;
                if (next == listener) {
                    accepted = Objects.requireNonNull(listener.accept());
                    // Without it, an end whose peer has given up waits for ever, as TCP is meant to.
                    accepted.keepAlive(KEEP_ALIVE);
                }
            }
            if (accepted != null && (ready || now >= serverWakeAt)) {
                serverWakeAt = server.serve(accepted, now);
            }
            return serverWakeAt;
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
