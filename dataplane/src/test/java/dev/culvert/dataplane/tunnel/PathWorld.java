package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.tunnel.PathAction.Down;
import dev.culvert.dataplane.tunnel.PathAction.Handshake;
import dev.culvert.dataplane.tunnel.PathAction.Limit;
import dev.culvert.dataplane.tunnel.PathAction.Probe;
import dev.culvert.dataplane.tunnel.PathAction.Redirect;
import dev.culvert.dataplane.tunnel.PathAction.Repaired;
import dev.culvert.dataplane.tunnel.PathAction.Resolve;
import dev.culvert.dataplane.tunnel.PathAction.Up;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// A gateway, a name, a network between and a tunnel, in virtual time: what [PathDiagnosis] asks for happens
/// here.
final class PathWorld {
    static final long SECOND = PathDiagnosis.SECOND;
    static final InetSocketAddress OLD = at("198.51.100.1");
    static final InetSocketAddress NEW = at("198.51.100.2");
    static final InetSocketAddress IPV6 = at("2001:db8::1");

    private record Event(long at, long order, Runnable what) {}

    final PathDiagnosis diagnosis;
    /// Everything asked for but probes, in words, since [#forget].
    final List<String> log = new ArrayList<>();
    final List<Repaired> repaired = new ArrayList<>();
    /// Where a gateway answers.
    final Set<InetSocketAddress> alive = new HashSet<>(Set.of(OLD));
    List<InetSocketAddress> name = List.of(OLD);
    boolean carried = true;
    boolean sendable = true;
    boolean echoes = true;
    /// Whether the peer still knows the session.
    boolean session;
    int loseProbes;
    long roundTrip = 20_000_000L;
    long now = 100 * SECOND;
    long suspended;

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private @Nullable InetSocketAddress endpoint;
    private long handshakeAt = -1;
    private long rx;
    private long tx;
    private long unsendable;
    private long order;

    PathWorld(boolean plain, long seed) {
        diagnosis = new PathDiagnosis(plain, new SplittableRandom(seed), 0, now);
    }

    private static InetSocketAddress at(String address) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), 51820);
    }

    /// A world in which the tunnel is up.
    static PathWorld up(long seed) {
        PathWorld world = new PathWorld(false, seed);
        world.run(10);
        world.forget();
        return world;
    }

    void forget() {
        log.clear();
        repaired.clear();
    }

    void run(double seconds) {
        long end = now + (long) (seconds * SECOND);
        while (true) {
            Event event = events.peek();
            long arrival = event == null ? Long.MAX_VALUE : event.at();
            long next = Math.max(now, Math.min(arrival, diagnosis.nextDeadline()));
            if (next > end) {
                now = end;
                return;
            }
            now = next;
            if (event != null && arrival <= now) {
                events.remove();
                event.what().run();
            } else {
                diagnosis.handleTick(evidence(), suspended, now);
            }
            act();
        }
    }

    /// Seconds until it is up; `limit` and more if it is not by then.
    double secondsToUp(double limit) {
        long start = now;
        while (!diagnosis.isUp() && now - start < limit * SECOND) {
            run(0.01);
        }
        return (now - start) / (double) SECOND;
    }

    private PathEvidence evidence() {
        return new PathEvidence(endpoint, handshakeAt < 0 ? -1 : now - handshakeAt, rx, tx, unsendable);
    }

    private void act() {
        for (PathAction action = diagnosis.pollAction(); action != null; action = diagnosis.pollAction()) {
            switch (action) {
                case Probe(int id, int size) -> probe(id, size);
                case Resolve _ -> {
                    log.add("resolve");
                    later(roundTrip / 2, this::resolve);
                }
                case Handshake _ -> {
                    log.add("handshake");
                    handshake();
                }
                case Redirect(InetSocketAddress to) -> {
                    log.add("redirect " + to.getAddress().getHostAddress());
                    endpoint = to;
                    handshake();
                }
                case Limit limit -> throw new AssertionError(limit);
                case Up _ -> log.add("up");
                case Down(PathCause cause, long _) -> log.add("down " + cause.word());
                case Repaired done -> {
                    log.add("repaired " + done.cause().word() + ", " + done.repair());
                    repaired.add(done);
                }
            }
        }
    }

    private void later(long nanos, Runnable what) {
        events.add(new Event(now + nanos, order++, what));
    }

    private boolean leaves() {
        if (!sendable) {
            unsendable++;
        }
        return sendable && carried;
    }

    private void probe(int id, int size) {
        tx += size;
        if (!session || !leaves() || !alive.contains(endpoint)) {
            return;
        }
        if (loseProbes > 0) {
            loseProbes--;
        } else if (echoes) {
            later(roundTrip, () -> {
                rx += size;
                diagnosis.handleEcho(id, now);
            });
        } else {
            // The keepalive of a peer that has nothing to say.
            later(10 * SECOND, () -> rx += 32);
        }
    }

    private void handshake() {
        InetSocketAddress to = endpoint;
        if (to != null && leaves() && alive.contains(to)) {
            later(roundTrip, () -> {
                session = true;
                handshakeAt = now;
                rx += 92;
            });
        }
    }

    private void resolve() {
        if (name.isEmpty()) {
            diagnosis.handleUnresolved();
        } else {
            diagnosis.handleResolved(name, now);
        }
    }
}
