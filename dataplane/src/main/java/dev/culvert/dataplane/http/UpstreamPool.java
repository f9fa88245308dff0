package dev.culvert.dataplane.http;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.Dialer;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.Model;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/// Connections to targets: idle ones of HTTP/1.1, the latest used first, and those of HTTP/2 with room for one more
/// stream. Shared by all visitor loops.
///
/// A connection that names its visitor (PROXY header) is never pooled: it belongs to that visitor alone.
public final class UpstreamPool {
    // Shorter than the keep-alive of common backends (nginx 75 s, Apache 5 s is the exception that a retry covers).
    private static final int IDLE_SECONDS = 30;
    private static final int IDLE_PER_TARGET = 64;

    private final Map<Destination, Deque<Upstream>> idle = new ConcurrentHashMap<>();
    private final Map<Destination, Http2Targets> http2 = new ConcurrentHashMap<>();
    private final TargetContexts tls = new TargetContexts();
    private final Dialer dialer;
    private final HttpClient client;

    /// A connection for one exchange.
    ///
    /// @param reused whether it has served before: its target may just be closing it
    record Lease(Upstream upstream, boolean reused) {}

    public UpstreamPool(Dialer dialer) {
        this.dialer = dialer;
        this.client = new HttpClient(dialer);
    }

    /// For questions in the node's own name.
    HttpClient client() {
        return client;
    }

    /// Reads what `https://` targets are judged by; not on a loop.
    ///
    /// @throws IOException with the remedy; what was before holds on
    public void prepare(Model model) throws IOException {
        tls.prepare(model);
    }

    /// @param fresh never a pooled one: for a retry
    /// @param http1 whether only HTTP/1.1 will do, as for WebSocket
    Future<Lease> acquire(
            Permit permit,
            Destination destination,
            Dialer.Visitor visitor,
            EventExecutor loop,
            boolean fresh,
            boolean http1) {
        Promise<Lease> promise = loop.newPromise();
        Target target = destination.target();
        if (http1 && target.scheme() == Target.Scheme.H2C) {
            return promise.setFailure(new DialException(Broken.PROTOCOL, "no WebSocket to an h2c:// target"));
        }
        if (isShared(permit) && target.scheme() != Target.Scheme.HTTP && !http1) {
            Http2Targets many = http2.computeIfAbsent(destination, _ -> new Http2Targets());
            if (many.acquire(promise, () -> connect(permit, destination, visitor, loop, false))) {
                return promise;
            }
        }
        if (isShared(permit) && !fresh) {
            Deque<Upstream> waiting = idle.get(destination);
            Upstream upstream;
            while (waiting != null && (upstream = waiting.pollFirst()) != null) {
                upstream.idleLimit(null);
                if (upstream.channel().isActive()) {
                    return promise.setSuccess(new Lease(upstream, true));
                }
            }
        }
        Http2Targets own = isShared(permit) ? http2.get(destination) : null;
        Http2Targets home = own == null ? new Http2Targets() : own;
        connect(permit, destination, visitor, loop, http1).addListener(done -> home.lease(done, promise));
        return promise;
    }

    private Future<TargetConnection> connect(
            Permit permit, Destination destination, Dialer.Visitor visitor, EventExecutor loop, boolean http1) {
        Promise<TargetConnection> promise = loop.newPromise();
        Future<Channel> dialled = isShared(permit)
                ? dialer.dialShared(permit, destination, loop)
                : dialer.dial(permit, destination, visitor, loop);
        dialled.addListener(done -> {
            if (!done.isSuccess()) {
                promise.tryFailure(done.cause());
                return;
            }
            Channel channel = (Channel) done.getNow();
            channel.eventLoop()
                    .execute(() -> TargetConnection.settle(channel, destination.target(), http1, tls, promise));
        });
        return promise;
    }

    /// Takes a connection back after a whole exchange, or closes it where it cannot serve another visitor.
    void release(Permit permit, Destination destination, Upstream upstream) {
        if (!isShared(permit) || upstream.isStream()) {
            upstream.close();
        } else if (upstream.channel().eventLoop().inEventLoop()) {
            park(destination, upstream);
        } else {
            upstream.channel().eventLoop().execute(() -> park(destination, upstream));
        }
    }

    /// On the channel's own loop: what the target has said unasked is seen, and the connection closed, before anybody
    /// else can get it.
    private void park(Destination destination, Upstream upstream) {
        Deque<Upstream> waiting = idle.computeIfAbsent(destination, _ -> new ConcurrentLinkedDeque<>());
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
}
