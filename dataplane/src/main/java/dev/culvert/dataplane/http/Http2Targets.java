package dev.culvert.dataplane.http;

import dev.culvert.dataplane.http.UpstreamPool.Lease;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The HTTP/2 connections to one target, each as full as it may be before there is another. Who comes while one is
/// being
/// dialled waits for it. Any thread may ask; the lock is not held while anything is dialled or opened.
final class Http2Targets {
    private final List<Http2Target> open = new ArrayList<>(1);
    private final Deque<Promise<Lease>> waiting = new ArrayDeque<>();
    private boolean dialling;
    // The target has chosen it in its last handshake.
    private boolean http1;

    /// @param dial makes one more connection
    /// @return false if the target speaks HTTP/1.1: the caller takes a connection of its own
    boolean acquire(Promise<Lease> promise, Supplier<Future<TargetConnection>> dial) {
        Http2Target found;
        synchronized (this) {
            if (http1) {
                return false;
            }
            open.removeIf(target -> !target.isUsable());
            found = reserve();
            if (found == null) {
                waiting.add(promise);
                if (dialling) {
                    return true;
                }
                dialling = true;
            }
        }
        if (found != null) {
            found.open(true, promise);
        } else {
            dial(dial);
        }
        return true;
    }

    private @Nullable Http2Target reserve() {
        for (Http2Target target : open) {
            if (target.reserve()) {
                return target;
            }
        }
        return null;
    }

    private void dial(Supplier<Future<TargetConnection>> dial) {
        dial.get().addListener(done -> {
            if (!done.isSuccess()) {
                for (Promise<Lease> waiter : all()) {
                    waiter.tryFailure(done.cause());
                }
                return;
            }
            switch ((TargetConnection) done.getNow()) {
                case TargetConnection.Many(Http2Target target) -> serve(target, dial);
                case TargetConnection.One(Upstream upstream) -> single(upstream, dial);
            }
        });
    }

    private synchronized List<Promise<Lease>> all() {
        List<Promise<Lease>> all = new ArrayList<>(waiting);
        waiting.clear();
        dialling = false;
        return all;
    }

    /// As many of those that wait as find a place; for the rest there is one more connection.
    private void serve(Http2Target target, Supplier<Future<TargetConnection>> dial) {
        List<Promise<Lease>> served = new ArrayList<>();
        boolean more;
        synchronized (this) {
            http1 = false;
            open.add(target);
            while (!waiting.isEmpty() && target.reserve()) {
                served.add(waiting.remove());
            }
            more = !waiting.isEmpty();
            dialling = more;
        }
        served.forEach(waiter -> target.open(false, waiter));
        if (more) {
            dial(dial);
        }
    }

    /// The target chose HTTP/1.1: everybody gets a connection of their own, and from now on asks for one at once.
    private void single(Upstream upstream, Supplier<Future<TargetConnection>> dial) {
        List<Promise<Lease>> all;
        synchronized (this) {
            http1 = true;
            all = all();
        }
        boolean first = true;
        for (Promise<Lease> waiter : all) {
            if (first) {
                waiter.trySuccess(new Lease(upstream, false));
            } else {
                dial.get().addListener(done -> lease(done, waiter));
            }
            first = false;
        }
    }

    /// A connection for one who wants it for itself.
    void lease(Future<? super TargetConnection> done, Promise<Lease> promise) {
        if (!done.isSuccess()) {
            promise.tryFailure(done.cause());
            return;
        }
        switch ((TargetConnection) done.getNow()) {
            case TargetConnection.One(Upstream upstream) -> promise.trySuccess(new Lease(upstream, false));
            case TargetConnection.Many(Http2Target target) -> {
                // It has changed its mind.
                target.reserve();
                target.open(false, promise);
                synchronized (this) {
                    http1 = false;
                    open.add(target);
                }
            }
        }
    }
}
