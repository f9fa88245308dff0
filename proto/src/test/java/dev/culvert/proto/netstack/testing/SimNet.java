package dev.culvert.proto.netstack.testing;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.PacketPrinter;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/// Two stacks and an adversarial network between them, in virtual time: everything that happens follows from the
/// seed.
public final class SimNet {
    public static final InetAddress A = InetAddress.ofLiteral("10.0.0.1");
    public static final InetAddress B = InetAddress.ofLiteral("10.0.0.2");
    public static final InetAddress A6 = InetAddress.ofLiteral("fd00::1");
    public static final InetAddress B6 = InetAddress.ofLiteral("fd00::2");

    /// What runs on a host whenever something has happened; says when it wants to run again at the latest.
    public interface App {
        long run(Stack stack, long now);
    }

    private static final class InFlight implements Comparable<InFlight> {
        final long at;
        final long order;
        final Stack target;
        final byte[] bytes;

        InFlight(long at, long order, Stack target, byte[] bytes) {
            this.at = at;
            this.order = order;
            this.target = target;
            this.bytes = bytes;
        }

        @Override
        public int compareTo(InFlight other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    public final Stack a;
    public final Stack b;
    public long now = 1_000_000_000L;
    public long packets;
    private final SplittableRandom random;
    private final PriorityQueue<InFlight> inFlight = new PriorityQueue<>();
    private final ByteBuffer buffer;
    private Link forth;
    private Link back;
    private final long[] bottleneckFreeAt = new long[2];
    private App appA = (_, _) -> Long.MAX_VALUE;
    private App appB = (_, _) -> Long.MAX_VALUE;
    private long wakeAt;
    private long order;
    private boolean printing;

    public SimNet(long seed, Link forth, Link back, int mtu) {
        this(seed, forth, back, StackConfig.of(List.of(A, A6), mtu), StackConfig.of(List.of(B, B6), mtu));
    }

    public SimNet(long seed, Link forth, Link back, StackConfig configA, StackConfig configB) {
        this.random = new SplittableRandom(seed);
        this.forth = forth;
        this.back = back;
        this.a = new Stack(configA, random.split());
        this.b = new Stack(configB, random.split());
        this.buffer = ByteBuffer.allocate(Math.max(configA.mtu(), configB.mtu()));
    }

    public void apps(App onA, App onB) {
        appA = onA;
        appB = onB;
    }

    /// What the network is like from now on.
    public void links(Link fromA, Link fromB) {
        forth = fromA;
        back = fromB;
    }

    /// Prints every packet as it is sent, to look at a seed that failed.
    public void print() {
        printing = true;
    }

    /// Lets virtual time pass until nothing is left to happen, or until `end`; returns whether all is quiet.
    public boolean runUntil(long end) {
        turn();
        while (true) {
            InFlight first = inFlight.peek();
            long arrival = first == null ? Long.MAX_VALUE : first.at;
            long next = Math.min(Math.min(arrival, wakeAt), Math.min(a.nextDeadline(), b.nextDeadline()));
            if (next > end) {
                now = Math.max(now, end);
                return next == Long.MAX_VALUE;
            }
            now = Math.max(now, next);
            if (first != null && arrival <= now) {
                inFlight.remove();
                first.target.handlePacket(ByteBuffer.wrap(first.bytes), now);
            }
            a.handleTimeout(now);
            b.handleTimeout(now);
            turn();
        }
    }

    private void turn() {
        wakeAt = Math.min(appA.run(a, now), appB.run(b, now));
        transmit(a);
        transmit(b);
    }

    private void transmit(Stack stack) {
        buffer.clear();
        while (stack.pollTransmit(buffer, now)) {
            send(stack);
            buffer.clear();
        }
    }

    private void send(Stack from) {
        packets++;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        Link link = from == a ? forth : back;
        Stack target = from == a ? b : a;
        boolean lost = random.nextDouble() < link.loss() || bytes.length > link.mtu();
        if (printing) {
            System.out.println(
                    (now / 1000) + "us " + PacketPrinter.print(bytes, 0, bytes.length) + (lost ? " LOST" : ""));
        }
        if (!lost) {
            deliver(bytes, link, target);
            if (random.nextDouble() < link.duplicate()) {
                deliver(bytes, link, target);
            }
        }
    }

    /// As a congested router leaves it, if it may be marked (RFC 3168 §5).
    private static byte[] marked(byte[] bytes) {
        byte[] marked = bytes.clone();
        if (marked[0] >>> 4 == 4 && (marked[1] & 3) != 0) {
            marked[1] |= 3;
            NetworkOrder.put16(marked, 10, 0);
            NetworkOrder.put16(marked, 10, InternetChecksum.finish(InternetChecksum.sum(marked, 0, 20)));
        } else if (marked[0] >>> 4 == 6 && (marked[1] & 0x30) != 0) {
            marked[1] |= 0x30;
        }
        return marked;
    }

    private void deliver(byte[] bytes, Link link, Stack target) {
        byte[] arriving = random.nextDouble() < link.mark() ? marked(bytes) : bytes;
        if (random.nextDouble() < link.corrupt()) {
            arriving = arriving.clone();
            arriving[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        long leaves = now;
        if (link.bytesPerSecond() > 0) {
            int side = target == b ? 0 : 1;
            long start = Math.max(now, bottleneckFreeAt[side]);
            if ((start - now) * (double) link.bytesPerSecond() / 1e9 > link.queue()) {
                return;
            }
            leaves = start + bytes.length * 1_000_000_000L / link.bytesPerSecond();
            bottleneckFreeAt[side] = leaves;
        }
        boolean held = link.jitter() > 0 && (link.held() == 1 || random.nextDouble() < link.held());
        long extra = held ? random.nextLong(link.jitter()) : 0;
        inFlight.add(new InFlight(leaves + link.latency() + extra, order++, target, arriving));
    }
}
