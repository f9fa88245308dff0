package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.PublicKey;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Keeps the way to one peer open (design, section 6, "Recovery"): an echo through the tunnel every three seconds, and
/// after two that stay unanswered the endpoint's name is resolved again and a handshake begun.
///
/// It repairs only what fails: an answered echo changes nothing, and no connection is ever cut. Runs on a scheduler of
/// the caller's; name look-ups run on `lookups`.
public final class PeerWatch implements AutoCloseable {
    static final long INTERVAL_SECONDS = 3;
    private static final int MISSES_BEFORE_REPAIR = 2;
    private static final int PAYLOAD = 32;

    private final TunnelDriver tunnel;
    private final Target target;
    private final ScheduledExecutorService scheduler;
    private final Executor lookups;
    private final Consumer<State> listener;
    private @Nullable ScheduledFuture<?> task;
    private int misses;
    private boolean down = true;
    private volatile boolean closed;

    /// @param address the peer's own address inside the tunnel
    /// @param host the endpoint's name or address literal
    public record Target(String name, PublicKey key, InetAddress address, String host, int port) {}

    /// What a listener is told when it changes.
    ///
    /// @param roundTripNanos of the echo that found it up
    public record State(String name, boolean up, long roundTripNanos) {}

    public PeerWatch(
            TunnelDriver tunnel,
            Target target,
            ScheduledExecutorService scheduler,
            Executor lookups,
            Consumer<State> listener) {
        this.tunnel = tunnel;
        this.target = target;
        this.scheduler = scheduler;
        this.lookups = lookups;
        this.listener = listener;
    }

    /// Resolves, connects and begins to watch.
    public void start() {
        repair();
        task = scheduler.scheduleWithFixedDelay(this::probe, 300, INTERVAL_SECONDS * 1000, TimeUnit.MILLISECONDS);
    }

    private void probe() {
        tunnel.ping(target.address(), PAYLOAD, TimeUnit.SECONDS.toMillis(INTERVAL_SECONDS) - 200)
                .addListener(this::probed);
    }

    private void probed(Future<? super Long> done) {
        if (closed) {
            return;
        }
        synchronized (this) {
            if (done.isSuccess()) {
                misses = 0;
                if (down) {
                    down = false;
                    listener.accept(new State(target.name(), true, (Long) done.getNow()));
                }
                return;
            }
            misses++;
            if (misses < MISSES_BEFORE_REPAIR) {
                return;
            }
            if (!down) {
                down = true;
                listener.accept(new State(target.name(), false, 0));
            }
        }
        repair();
    }

    private void repair() {
        lookups.execute(() -> {
            try {
                InetAddress resolved = InetAddress.getByName(target.host());
                if (!closed) {
                    tunnel.redirect(target.key(), new InetSocketAddress(resolved, target.port()), true);
                }
            } catch (UnknownHostException e) {
                // No DNS yet, as after a power cut: the next miss asks again.
            }
        });
    }

    @Override
    public void close() {
        closed = true;
        ScheduledFuture<?> current = task;
        if (current != null) {
            current.cancel(false);
        }
    }
}
