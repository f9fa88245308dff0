package dev.culvert.dataplane.http;

import io.netty.channel.EventLoop;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The idle HTTP/1.1 connections to one target, the latest used first. Shared by all visitor loops.
///
/// One sweep for all of them ends those that nobody has wanted for [#IDLE_SECONDS] to [#IDLE_SECONDS] +
/// [#SWEEP_SECONDS]: a timer for each would be set and cancelled with every request.
final class IdleUpstreams {
    // Shorter than the keep-alive of common backends (nginx 75 s; Apache's 5 s are the exception that a retry covers).
    private static final int IDLE_SECONDS = 30;
    private static final int SWEEP_SECONDS = 10;

    /// What a busy moment leaves behind for the next one; 256 idle sockets cost a backend some 2 MiB of its kernel.
    private static final int MOST = 256;

    private final Deque<Upstream> waiting = new ConcurrentLinkedDeque<>();

    // The deque would count itself one by one.
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicBoolean sweeping = new AtomicBoolean();

    /// @return one that is open, or null
    @Nullable
    Upstream take() {
        Upstream upstream;
        while ((upstream = waiting.pollFirst()) != null) {
            count.decrementAndGet();
            if (upstream.channel().isActive()) {
                return upstream;
            }
        }
        return null;
    }

    /// On the channel's own loop: what the target has said unasked is seen, and the connection closed, before anybody
    /// else can get it.
    void park(Upstream upstream) {
        if (count.incrementAndGet() > MOST) {
            count.decrementAndGet();
            upstream.channel().close();
            return;
        }
        upstream.reclaim();
        if (!upstream.channel().isActive()) {
            count.decrementAndGet();
            return;
        }
        upstream.parkedAt = System.nanoTime();
        waiting.addFirst(upstream);
        if (!sweeping.getAndSet(true)) {
            sweepLater(upstream.channel().eventLoop());
        }
    }

    private void sweepLater(EventLoop loop) {
        var _ = loop.schedule(() -> sweep(loop), SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    /// Whoever removes a connection owns it, so none is closed that an exchange has just taken.
    private void sweep(EventLoop loop) {
        long oldest = System.nanoTime() - TimeUnit.SECONDS.toNanos(IDLE_SECONDS);
        for (Upstream upstream : List.copyOf(waiting)) {
            boolean over = upstream.parkedAt - oldest < 0 || !upstream.channel().isActive();
            if (over && waiting.remove(upstream)) {
                count.decrementAndGet();
                upstream.channel().close();
            }
        }
        sweeping.set(false);
        if (!waiting.isEmpty() && !sweeping.getAndSet(true)) {
            sweepLater(loop);
        }
    }
}
