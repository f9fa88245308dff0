package dev.culvert.dataplane;

import dev.culvert.model.decide.TargetGroup;
import dev.culvert.model.decide.TargetState;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Finds a target that takes a connection: the one whose turn it is, then each other. Nothing has been sent to a target
/// that fails here, so any connection or request may go to the next. One per connection or request, on its loop.
///
/// @param <T> what a dial gives
public final class Failover<T> {
    /// How long one target may take while there is another: so a visitor of a dead one is served within 2 s.
    private static final int PATIENCE_MILLIS = 1_500;

    private final TargetGroup group;
    private final InetAddress client;
    private final EventExecutor loop;
    private final Trial<T> trial;
    private final Promise<T> result;
    private int next;
    private long tried;
    private int attempt;

    /// What a connection or request does with its targets.
    public interface Trial<T> {
        /// Begins to dial; notified on any thread.
        ///
        /// @param again whether this target was asked before and its connection turned out to be dead
        Future<T> dial(TargetState target, boolean again);

        /// A target has failed; another may be there.
        void failed(TargetState target, Throwable cause);

        /// What came too late is not needed any more.
        void discard(T late);
    }

    /// @param preferred index of the target to have if it is well, or -1
    public Failover(TargetGroup group, InetAddress client, int preferred, EventExecutor loop, Trial<T> trial) {
        this.group = group;
        this.client = client;
        this.loop = loop;
        this.trial = trial;
        this.result = loop.newPromise();
        this.next = group.choose(client, preferred, 0, System.nanoTime());
    }

    /// Tries one after the other. To be called once.
    ///
    /// @return fails as the last target did; notified on the loop
    public Future<T> connect() {
        tryNext(false, null);
        return result;
    }

    /// Dials the same target anew, and then the others: a kept connection was dead.
    public static <T> Future<T> again(
            TargetGroup group, InetAddress client, TargetState target, EventExecutor loop, Trial<T> trial) {
        int index = group.targets().indexOf(target);
        Failover<T> failover = new Failover<>(group, client, index, loop, trial);
        failover.next = index >= 0 ? index : failover.next;
        failover.tryNext(index >= 0, null);
        return failover.result;
    }

    private void tryNext(boolean again, @Nullable Throwable last) {
        if (next < 0) {
            result.tryFailure(
                    last == null
                            ? new DialException(DialException.Broken.TARGET_UNREACHABLE, "no target is left")
                            : last);
            return;
        }
        int mine = ++attempt;
        int index = next;
        TargetState target = group.targets().get(index);
        tried |= 1L << index;
        Future<T> dialled = trial.dial(target, again);
        if (dialled.isDone() && loop.inEventLoop()) {
            // A kept connection: nothing to wait for.
            settled(mine, target, dialled, null);
            return;
        }
        Future<?> patience = Long.bitCount(tried) < group.targets().size()
                ? loop.schedule(
                        () -> lost(
                                mine,
                                target,
                                new DialException(
                                        DialException.Broken.TARGET_TIMEOUT, "within " + PATIENCE_MILLIS + " ms")),
                        PATIENCE_MILLIS,
                        TimeUnit.MILLISECONDS)
                : null;
        dialled.addListener(done -> {
            if (loop.inEventLoop()) {
                settled(mine, target, dialled, patience);
            } else {
                loop.execute(() -> settled(mine, target, dialled, patience));
            }
        });
    }

    private void settled(int mine, TargetState target, Future<T> dialled, @Nullable Future<?> patience) {
        if (patience != null) {
            patience.cancel(false);
        }
        if (!dialled.isSuccess()) {
            lost(mine, target, dialled.cause());
            return;
        }
        target.connected();
        if (mine != attempt || !result.trySuccess(dialled.getNow())) {
            trial.discard(dialled.getNow());
        }
    }

    private void lost(int mine, TargetState target, Throwable cause) {
        if (mine != attempt || result.isDone()) {
            return;
        }
        long now = System.nanoTime();
        target.connectFailed(String.valueOf(cause.getMessage()), now);
        trial.failed(target, cause);
        next = group.choose(client, -1, tried, now);
        tryNext(false, cause);
    }
}
