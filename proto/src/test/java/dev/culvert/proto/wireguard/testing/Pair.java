package dev.culvert.proto.wireguard.testing;

import static java.util.Objects.requireNonNull;

import dev.culvert.proto.wireguard.PresharedKey;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Predicate;

/// Two devices, `a` (10.0.0.1, fd00::1) and `b` (10.0.0.2, fd00::2), a wire between them, and virtual time.
///
/// The wire delivers at once and in order, until a test takes datagrams from it or makes it lossy. `trace` tells
/// what was put on it.
public final class Pair {
    public static final long SECOND = 1_000_000_000L;
    public static final long MILLI = 1_000_000L;

    private static final Comparator<Datagram> IN_ORDER =
            Comparator.<Datagram>comparingLong(d -> d.arrival).thenComparingLong(d -> d.order);

    public final End a;
    public final End b;

    private final Random random;
    private final List<String> trace = new ArrayList<>();
    private final PriorityQueue<Datagram> wire = new PriorityQueue<>(IN_ORDER);
    private Predicate<Datagram> cut = datagram -> false;
    private double loss;
    private double duplication;
    private long latency;
    private long now = -7 * SECOND;
    private long order;

    private Pair(long seed) {
        random = new Random(seed);
        a = new End(this, "a", new InetSocketAddress("192.0.2.1", 51821), random);
        b = new End(this, "b", new InetSocketAddress("192.0.2.2", 51822), random);
    }

    /// Both know each other; `a` knows where `b` is, but not the other way round.
    public static Pair of(long seed) {
        Pair pair = new Pair(seed);
        PresharedKey psk = PresharedKey.generate(pair.random);
        pair.a.know(pair.b, psk, true, 0, "10.0.0.2/32", "fd00::2/128");
        pair.b.know(pair.a, psk, false, 0, "10.0.0.1/32", "fd00::1/128");
        return pair;
    }

    /// Like [#of], after a handshake that `a` initiated; the trace is empty.
    public static Pair established(long seed) {
        Pair pair = of(seed);
        pair.a.device.initiate(pair.a.peer(), pair.now);
        pair.settle();
        pair.trace.clear();
        return pair;
    }

    public long now() {
        return now;
    }

    /// Loses and doubles that share of datagrams, and delays each by up to `latency`, which reorders them.
    public Pair lossy(double loss, double duplication, long latency) {
        this.loss = loss;
        this.duplication = duplication;
        this.latency = latency;
        return this;
    }

    /// Drops what the test says, silently; the trace still shows it.
    public Pair cut(Predicate<Datagram> cut) {
        this.cut = cut;
        return this;
    }

    /// Polls both ends and delivers until nothing is left that is due now.
    public Pair settle() {
        boolean any = true;
        while (any) {
            any = a.transmit();
            any |= b.transmit();
            while (!wire.isEmpty() && requireNonNull(wire.peek()).arrival <= now) {
                deliver(requireNonNull(wire.poll()));
                any = true;
            }
        }
        return this;
    }

    /// Lets time pass: every deadline and arrival on the way happens at its time.
    public Pair advance(long nanos) {
        long end = now + nanos;
        settle();
        for (long next = next(); next <= end; next = next()) {
            now = Math.max(now, next);
            a.device.handleTimeout(now);
            b.device.handleTimeout(now);
            settle();
        }
        now = end;
        return settle();
    }

    /// Lets time pass in which nothing happens at all, as when a machine is suspended.
    public Pair skip(long nanos) {
        now += nanos;
        return this;
    }

    /// Polls that end only, and hands out instead of delivering.
    public List<Datagram> take(End from) {
        from.transmit();
        List<Datagram> taken = new ArrayList<>(wire);
        taken.sort(IN_ORDER);
        wire.clear();
        return taken;
    }

    /// The one datagram that this end has to send.
    public Datagram takeOne(End from) {
        List<Datagram> taken = take(from);
        if (taken.size() != 1) {
            throw new AssertionError(from.name + " sent " + taken.size() + " datagrams (expected: 1)");
        }
        return taken.getFirst();
    }

    /// What was put on the wire since the last call, as "a>b initiation".
    public List<String> trace() {
        List<String> seen = List.copyOf(trace);
        trace.clear();
        return seen;
    }

    /// Hands the datagram to whoever has its destination.
    public void deliver(Datagram datagram) {
        if (datagram.to.equals(a.address)) {
            a.receive(datagram);
        } else if (datagram.to.equals(b.address)) {
            b.receive(datagram);
        }
    }

    void put(End from, InetSocketAddress to, byte[] bytes) {
        Datagram datagram = datagram(from, to, bytes);
        trace.add(from.name + ">" + (from == a ? "b " : "a ") + datagram.type());
        if (cut.test(datagram) || random.nextDouble() < loss) {
            return;
        }
        wire.add(datagram);
        if (random.nextDouble() < duplication) {
            wire.add(datagram(from, to, bytes));
        }
    }

    private Datagram datagram(End from, InetSocketAddress to, byte[] bytes) {
        long delay = latency == 0 ? 0 : random.nextLong(latency);
        return new Datagram(from.address, to, bytes, now + delay, order++);
    }

    private long next() {
        long next = Math.min(a.device.nextDeadline(), b.device.nextDeadline());
        return wire.isEmpty() ? next : Math.min(next, requireNonNull(wire.peek()).arrival);
    }
}
