package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.os.Sleep;
import dev.culvert.dataplane.tunnel.PathAction.Down;
import dev.culvert.dataplane.tunnel.PathAction.Handshake;
import dev.culvert.dataplane.tunnel.PathAction.Limit;
import dev.culvert.dataplane.tunnel.PathAction.Probe;
import dev.culvert.dataplane.tunnel.PathAction.Redirect;
import dev.culvert.dataplane.tunnel.PathAction.Repaired;
import dev.culvert.dataplane.tunnel.PathAction.Resolve;
import dev.culvert.dataplane.tunnel.PathAction.Up;
import dev.culvert.proto.wireguard.PublicKey;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps the way to one peer open (design, section 6, "Recovery"; docs/recovery.md): does what [PathDiagnosis]
/// and [PathSize] ask for, and tells what they find. It repairs only what fails, and no connection is ever cut.
///
/// A peer that is dialled is diagnosed; one that dials us is measured only, while it is heard.
///
/// Its steps run on a scheduler of the caller's, on the tunnel's loop and, for name look-ups, on `lookups`, one
/// at a time under its own lock.
public final class PeerWatch implements AutoCloseable {
    private static final long ECHO_MILLIS = 5_000;
    private static final long LEAST_WAIT = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int IPV4_ECHO = 28;
    private static final int IPV6_ECHO = 48;

    /// Full probes where nothing is carried: so that the size is known before it matters, at 50 bytes a second;
    /// what dials us does the same from its side.
    private static final long IDLE_DIALLED = TimeUnit.SECONDS.toNanos(60);

    private static final long IDLE_DIALLING = TimeUnit.MINUTES.toNanos(10);
    /// REJECT_AFTER_TIME (wireguard paper, 6.1): an older session carries nothing.
    private static final long SESSION = TimeUnit.SECONDS.toNanos(180);

    private final TunnelDriver tunnel;
    private final Target target;
    private final ScheduledExecutorService scheduler;
    private final Executor lookups;
    private final Consumer<State> listener;
    private final Outages outages;
    private final @Nullable PathDiagnosis diagnosis;
    private final PathSize size;
    private @Nullable ScheduledFuture<?> task;
    private @Nullable InetSocketAddress endpoint;
    private long rxBefore;
    private long heardAt;
    private boolean closed;

    /// @param address the peer's own address inside the tunnel
    /// @param plain stock WireGuard
    /// @param host the endpoint's name or address literal; null for a peer that dials us
    public record Target(
            String name,
            PublicKey key,
            InetAddress address,
            boolean plain,
            @Nullable String host,
            int port) {}

    /// What a listener is told when it changes.
    ///
    /// @param roundTripNanos of the echo that found it up
    public record State(String name, boolean up, long roundTripNanos) {}

    /// What a watch works with; it closes none of them.
    public record Parts(
            TunnelDriver tunnel,
            ScheduledExecutorService scheduler,
            Executor lookups,
            Consumer<State> listener,
            Outages outages) {}

    /// @param packets how large packets to the peer may be, as far as is known
    public PeerWatch(Parts parts, Target target, int packets) {
        this.tunnel = parts.tunnel();
        this.scheduler = parts.scheduler();
        this.lookups = parts.lookups();
        this.listener = parts.listener();
        this.outages = parts.outages();
        this.target = target;
        long now = System.nanoTime();
        boolean dialled = target.host() != null;
        diagnosis = dialled ? new PathDiagnosis(target.plain(), new SecureRandom(), Sleep.nanos(), now) : null;
        long idle = target.plain() ? PathSize.NEVER : IDLE_DIALLING;
        size = new PathSize(tunnel.mtu(), packets, dialled ? IDLE_DIALLED : idle, now);
        heardAt = now - 2 * PathSize.ROUND;
    }

    /// Resolves, connects and begins to watch.
    public void start() {
        tick();
    }

    /// How large packets to the peer may be.
    public synchronized int packets() {
        return size.limit();
    }

    private void tick() {
        tunnel.evidence(target.key()).addListener(done -> {
            PathEvidence evidence = done.isSuccess() ? (PathEvidence) done.getNow() : null;
            take(evidence);
        });
    }

    private synchronized void take(@Nullable PathEvidence evidence) {
        if (closed) {
            return;
        }
        if (evidence == null) {
            // The tunnel does not know the peer, or does not answer: both are about to end.
            later(PathDiagnosis.SECOND);
        } else {
            long now = System.nanoTime();
            PathDiagnosis dialled = diagnosis;
            if (dialled != null) {
                dialled.handleTick(evidence, Sleep.nanos(), now);
            }
            measure(evidence, dialled, now);
            act();
            schedule();
        }
    }

    private void measure(PathEvidence evidence, @Nullable PathDiagnosis dialled, long now) {
        InetSocketAddress before = endpoint;
        endpoint = evidence.endpoint();
        if (before != null && !before.equals(endpoint)) {
            size.handleMove(now);
        }
        if (evidence.rxBytes() > rxBefore) {
            rxBefore = evidence.rxBytes();
            heardAt = now;
        }
        long age = evidence.handshakeAgeNanos();
        boolean heard = age >= 0 && age < SESSION && now - heardAt < 2 * PathSize.ROUND;
        size.handleTick(evidence.rxBytes() + evidence.txBytes(), dialled == null ? heard : dialled.isUp(), now);
    }

    private void schedule() {
        long next = size.nextDeadline();
        if (diagnosis != null) {
            next = Math.min(next, diagnosis.nextDeadline());
        }
        later(Math.max(LEAST_WAIT, next - System.nanoTime()));
    }

    private void later(long nanos) {
        ScheduledFuture<?> current = task;
        if (current != null) {
            current.cancel(false);
        }
        try {
            task = scheduler.schedule(this::tick, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The node is being closed.
            closed = true;
        }
    }

    private interface Echo {
        void arrived(int id, long now);
    }

    private void act() {
        PathDiagnosis dialled = diagnosis;
        if (dialled != null) {
            act(dialled::pollAction, dialled::handleEcho);
        }
        act(size::pollAction, size::handleEcho);
    }

    private void act(Supplier<@Nullable PathAction> actions, Echo echo) {
        for (PathAction action = actions.get(); action != null; action = actions.get()) {
            switch (action) {
                case Probe probe -> send(probe, echo);
                case Resolve _ -> lookups.execute(this::resolve);
                case Handshake _ -> tunnel.initiate(target.key());
                case Redirect(InetSocketAddress to) -> tunnel.redirect(target.key(), to, true);
                case Limit(int bytes) -> tunnel.limitPackets(target.key(), bytes);
                case Up(long roundTrip) -> listener.accept(new State(target.name(), true, roundTrip));
                case Down(PathCause cause, long since) -> {
                    outages.down(target.name(), cause, wall(since));
                    listener.accept(new State(target.name(), false, 0));
                }
                case Repaired(PathCause cause, String repair, long since, long duration) -> {
                    outages.repaired(target.name(), cause, repair, wall(since), Duration.ofNanos(duration));
                    if (cause != PathCause.MTU) {
                        // Whatever happened, the path may be another one now.
                        size.handleMove(System.nanoTime());
                    }
                }
            }
        }
    }

    private static Instant wall(long nanos) {
        return Instant.now().minusNanos(System.nanoTime() - nanos);
    }

    private void send(Probe probe, Echo echo) {
        int headers = target.address() instanceof Inet4Address ? IPV4_ECHO : IPV6_ECHO;
        tunnel.ping(target.address(), probe.size() - headers, ECHO_MILLIS).addListener(done -> {
            if (done.isSuccess()) {
                arrived(probe.id(), echo);
            }
        });
    }

    private synchronized void arrived(int id, Echo echo) {
        if (!closed) {
            echo.arrived(id, System.nanoTime());
            act();
            schedule();
        }
    }

    private void resolve() {
        try {
            InetAddress[] found = InetAddress.getAllByName(target.host());
            resolved(Arrays.stream(found)
                    .map(address -> new InetSocketAddress(address, target.port()))
                    .toList());
        } catch (UnknownHostException e) {
            // No DNS yet, as after a power cut: it is asked again.
            resolved(List.of());
        }
    }

    private synchronized void resolved(List<InetSocketAddress> addresses) {
        PathDiagnosis dialled = diagnosis;
        if (closed || dialled == null) {
            return;
        }
        if (addresses.isEmpty()) {
            dialled.handleUnresolved();
        } else {
            dialled.handleResolved(addresses, System.nanoTime());
        }
        act();
    }

    @Override
    public synchronized void close() {
        closed = true;
        ScheduledFuture<?> current = task;
        if (current != null) {
            current.cancel(false);
        }
    }
}
