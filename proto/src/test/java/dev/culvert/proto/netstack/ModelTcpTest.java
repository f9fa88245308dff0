package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.ModelTcp;
import dev.culvert.proto.netstack.testing.SimNet;
import dev.culvert.proto.netstack.testing.Transfer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Our stack and a plain model of TCP over links that lose, delay, repeat and reorder: every byte once and in order, or
/// the connection reset, and nothing left behind. A seed makes a schedule; `-Dsimnet.schedules=N` runs as many.
final class ModelTcpTest {
    private static final int SCHEDULES = Integer.getInteger("simnet.schedules", 5_000);
    private static final long START = Long.getLong("simnet.start", 0);
    private static final long MS = 1_000_000L;
    private static final long HOUR = 3600_000 * MS;

    private static final class Flying implements Comparable<Flying> {
        final long at;
        final long order;
        final boolean toModel;
        final byte[] packet;

        Flying(long at, long order, boolean toModel, byte[] packet) {
            this.at = at;
            this.order = order;
            this.toModel = toModel;
            this.packet = packet;
        }

        @Override
        public int compareTo(Flying other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    /// One schedule.
    private static final class Run {
        final SplittableRandom random;
        final Stack stack;
        final ModelTcp model;
        final TcpSocket socket;
        final Transfer transfer;
        final int up;
        final PriorityQueue<Flying> flying = new PriorityQueue<>();
        final ByteBuffer out = ByteBuffer.allocate(1420);
        final double loss;
        final double repeat;
        final long latency;
        final long jitter;
        long now = 1_000 * MS;
        long wakeAt = Long.MAX_VALUE;
        long order;

        Run(long seed) {
            random = new SplittableRandom(seed);
            loss = random.nextInt(3) == 0 ? random.nextDouble(0.2) : 0;
            repeat = random.nextInt(4) == 0 ? random.nextDouble(0.2) : 0;
            latency = random.nextLong(60 * MS);
            jitter = random.nextInt(3) == 0 ? 1 + random.nextLong(50 * MS) : 1;
            up = random.nextInt(4) == 0 ? 0 : random.nextInt(20_000);
            int down = random.nextInt(4) == 0 ? 0 : random.nextInt(20_000);
            stack = new Stack(StackConfig.of(List.of(SimNet.A), 1420), random.split());
            model = new ModelTcp(SimNet.B, SimNet.A, seed, down, 2, 1);
            socket = Objects.requireNonNull(stack.connect(null, new InetSocketAddress(SimNet.B, 80), now));
            socket.keepAlive(60_000 * MS);
            transfer = new Transfer(random.split(), up, down, 1, 2, 3000, random.nextInt(4) == 0);
        }

        boolean finish() {
            turn();
            while (true) {
                Flying first = flying.peek();
                long arrival = first == null ? Long.MAX_VALUE : first.at;
                long next = Math.min(Math.min(arrival, wakeAt), Math.min(stack.nextDeadline(), model.nextDeadline()));
                if (next == Long.MAX_VALUE || next > HOUR) {
                    break;
                }
                now = Math.max(now, next);
                if (first != null && arrival <= now) {
                    flying.remove();
                    if (first.toModel) {
                        model.handlePacket(first.packet, now);
                    } else {
                        stack.handlePacket(ByteBuffer.wrap(first.packet), now);
                    }
                }
                stack.handleTimeout(now);
                model.handleTimeout(now);
                turn();
            }
            boolean failed = socket.failure() != null || model.wasReset();
            boolean complete = transfer.isComplete() && model.received() == up && model.isDone();
            assertThat(failed || complete).as("complete, or failed: %s", socket).isTrue();
            assertThat(stack.sockets()).as("sockets left").isZero();
            assertThat(stack.bufferMemory()).as("memory left").isZero();
            return complete;
        }

        private void turn() {
            boolean ready = false;
            for (Pollable next = stack.pollReady(); next != null; next = stack.pollReady()) {
                ready = true;
            }
            if (ready && !socket.isConnected()) {
                socket.close();
            } else if (ready || now >= wakeAt) {
                wakeAt = transfer.serve(socket, now);
            }
            while (stack.pollTransmit(out.clear(), now)) {
                byte[] packet = new byte[out.remaining()];
                out.get(packet);
                send(packet, true);
            }
            for (byte[] packet = model.poll(); packet != null; packet = model.poll()) {
                send(packet, false);
            }
        }

        private void send(byte[] packet, boolean toModel) {
            if (random.nextDouble() >= loss) {
                flying.add(new Flying(now + latency + random.nextLong(jitter), order++, toModel, packet));
            }
            if (random.nextDouble() < repeat) {
                flying.add(new Flying(now + latency + random.nextLong(jitter + MS), order++, toModel, packet));
            }
        }
    }

    @Test
    void schedules_deliverEveryByteOnceOrFail() {
        int failed = 0;
        for (long seed = START; seed < START + SCHEDULES; seed++) {
            try {
                failed += new Run(seed).finish() ? 0 : 1;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertThat(failed).isLessThanOrEqualTo(SCHEDULES / 50);
    }
}
