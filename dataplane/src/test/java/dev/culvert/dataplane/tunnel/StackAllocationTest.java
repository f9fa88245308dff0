package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.culvert.proto.netstack.Pollable;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.TcpListener;
import dev.culvert.proto.netstack.TcpSocket;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The path of a packet through two stacks allocates nothing: neither with nor without loss.
final class StackAllocationTest {
    private static final InetAddress A = InetAddress.ofLiteral("10.0.0.1");
    private static final InetAddress B = InetAddress.ofLiteral("10.0.0.2");
    private static final int MTU = 1420;
    // Until the buffers, which begin small, hold what this path takes.
    private static final int WARM_UP = 2_000_000;
    private static final int PACKETS = 200_000;
    private static final int SLOTS = 4096;

    private final Stack a = new Stack(StackConfig.of(List.of(A), MTU), new SplittableRandom(1));
    private final Stack b = new Stack(StackConfig.of(List.of(B), MTU), new SplittableRandom(2));
    private final ByteBuffer[] inFlight = new ByteBuffer[SLOTS];
    private final long[] arrivesAt = new long[SLOTS];
    private final boolean[] toB = new boolean[SLOTS];
    private final ByteBuffer chunk = ByteBuffer.allocate(65536);
    private int head;
    private int count;
    private long now = 1_000_000_000L;
    private long packets;
    private int lossEvery;

    StackAllocationTest() {
        for (int i = 0; i < SLOTS; i++) {
            inFlight[i] = ByteBuffer.allocate(MTU);
        }
    }

    @Test
    void bulk_steady_allocatesNothing() {
        assertThat(bytesPerPacket()).isLessThan(0.5);
    }

    @Test
    void bulk_withLoss_allocatesNothing() {
        lossEvery = 500;
        assertThat(bytesPerPacket()).isLessThan(0.5);
    }

    private double bytesPerPacket() {
        TcpListener listener = Objects.requireNonNull(b.listen(80));
        TcpSocket sender = Objects.requireNonNull(a.connect(null, new InetSocketAddress(B, 80), now));
        for (int i = 0; i < 100; i++) {
            turn();
        }
        TcpSocket receiver = Objects.requireNonNull(listener.accept());
        run(sender, receiver, WARM_UP);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long packetsBefore = packets;
        run(sender, receiver, PACKETS);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        return (double) allocated / (packets - packetsBefore);
    }

    private void run(TcpSocket sender, TcpSocket receiver, int more) {
        long end = packets + more;
        while (packets < end) {
            chunk.clear();
            sender.write(chunk);
            turn();
            chunk.clear();
            receiver.read(chunk);
            Pollable ready = a.pollReady();
            while (ready != null) {
                ready = a.pollReady();
            }
            ready = b.pollReady();
            while (ready != null) {
                ready = b.pollReady();
            }
        }
    }

    /// 100 µs pass; what was sent a millisecond ago arrives, and everything that wants to leaves.
    private void turn() {
        now += 100_000;
        if (count == 0 || arrivesAt[head] > now + 1_000_000) {
            now += 1_000_000;
        }
        while (count > 0 && arrivesAt[head] <= now) {
            ByteBuffer packet = inFlight[head];
            Stack target = toB[head] ? b : a;
            head = (head + 1) % SLOTS;
            count--;
            if (lossEvery == 0 || packets % lossEvery != 0) {
                target.handlePacket(packet, now);
            }
        }
        a.handleTimeout(now);
        b.handleTimeout(now);
        send(a, true);
        send(b, false);
    }

    private void send(Stack from, boolean forth) {
        boolean more = true;
        while (more && count < SLOTS) {
            int slot = (head + count) % SLOTS;
            ByteBuffer packet = inFlight[slot].clear();
            more = from.pollTransmit(packet, now);
            if (more) {
                arrivesAt[slot] = now + 1_000_000;
                toB[slot] = forth;
                count++;
                packets++;
            }
        }
    }
}
