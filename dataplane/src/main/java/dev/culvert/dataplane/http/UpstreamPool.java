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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Connections to targets: idle ones of HTTP/1.1, the latest used first, and those of HTTP/2 with room for one more
/// stream. Shared by all visitor loops.
///
/// A connection that names its visitor (PROXY header) is never pooled: it belongs to that visitor alone.
public final class UpstreamPool {
    private final Map<Destination, IdleUpstreams> idle = new ConcurrentHashMap<>();
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
            IdleUpstreams waiting = idle.get(destination);
            Upstream upstream = waiting == null ? null : waiting.take();
            if (upstream != null) {
                return promise.setSuccess(new Lease(upstream, true));
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

    private void park(Destination destination, Upstream upstream) {
        IdleUpstreams known = idle.get(destination);
        IdleUpstreams home = known == null ? idle.computeIfAbsent(destination, _ -> new IdleUpstreams()) : known;
        home.park(upstream);
    }

    private static boolean isShared(Permit permit) {
        ClientAddress how = permit.service().clientAddress();
        return how == ClientAddress.HEADERS || how == ClientAddress.NONE;
    }
}
