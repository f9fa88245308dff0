package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Dialer;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Idle connections to targets, the latest used first. Shared by all visitor loops.
///
/// A connection that names its visitor (PROXY header) is never pooled: it belongs to that visitor alone.
public final class UpstreamPool {
    // Shorter than the keep-alive of common backends (nginx 75 s, Apache 5 s is the exception that a retry covers).
    private static final int IDLE_SECONDS = 30;
    private static final int IDLE_PER_TARGET = 64;

    private record Key(@Nullable String site, Target target) {}

    private final Map<Key, Deque<Upstream>> idle = new ConcurrentHashMap<>();
    private final Dialer dialer;

    /// A connection for one exchange.
    ///
    /// @param reused whether it has served before: its target may just be closing it
    record Lease(Upstream upstream, boolean reused) {}

    public UpstreamPool(Dialer dialer) {
        this.dialer = dialer;
    }

    /// @param fresh never a pooled one: for a retry
    Future<Lease> acquire(Permit permit, Dialer.Visitor visitor, EventExecutor loop, boolean fresh) {
        Promise<Lease> promise = loop.newPromise();
        if (isShared(permit) && !fresh) {
            Deque<Upstream> waiting = idle.get(key(permit));
            Upstream upstream;
            while (waiting != null && (upstream = waiting.pollFirst()) != null) {
                upstream.idleLimit(null);
                if (upstream.channel().isActive()) {
                    return promise.setSuccess(new Lease(upstream, true));
                }
            }
        }
        Future<Channel> dialled =
                isShared(permit) ? dialer.dialShared(permit, loop) : dialer.dial(permit, visitor, loop);
        dialled.addListener(done -> {
            if (!done.isSuccess()) {
                promise.tryFailure(done.cause());
                return;
            }
            Channel channel = (Channel) done.getNow();
            channel.eventLoop().execute(() -> promise.trySuccess(new Lease(Upstream.on(channel), false)));
        });
        return promise;
    }

    /// Takes a connection back after a whole exchange, or closes it where it cannot serve another visitor.
    void release(Permit permit, Upstream upstream) {
        if (!isShared(permit)) {
            upstream.channel().close();
        } else if (upstream.channel().eventLoop().inEventLoop()) {
            park(permit, upstream);
        } else {
            upstream.channel().eventLoop().execute(() -> park(permit, upstream));
        }
    }

    /// On the channel's own loop: what the target has said unasked is seen, and the connection closed, before anybody
    /// else can get it.
    private void park(Permit permit, Upstream upstream) {
        Deque<Upstream> waiting = idle.computeIfAbsent(key(permit), _ -> new ConcurrentLinkedDeque<>());
        if (waiting.size() >= IDLE_PER_TARGET) {
            upstream.channel().close();
            return;
        }
        upstream.reclaim();
        if (!upstream.channel().isActive()) {
            return;
        }
        upstream.idleLimit(upstream.channel()
                .eventLoop()
                .schedule(
                        () -> {
                            if (waiting.remove(upstream)) {
                                upstream.channel().close();
                            }
                        },
                        IDLE_SECONDS,
                        TimeUnit.SECONDS));
        waiting.addFirst(upstream);
    }

    private static boolean isShared(Permit permit) {
        ClientAddress how = permit.service().clientAddress();
        return how == ClientAddress.HEADERS || how == ClientAddress.NONE;
    }

    private static Key key(Permit permit) {
        return new Key(permit.service().site(), permit.service().target());
    }
}
