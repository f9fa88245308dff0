package dev.culvert.model.decide;

import dev.culvert.model.Destination;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One target of one service: whether it is well, and what it has under way. It outlives every reload that keeps the
/// target; all loops share it without a lock.
///
/// Two things keep it from being chosen. A question of the health check that it failed twice; and a connection that
/// failed: then it pauses, 2 s at first and twice as long after each further failure, and one request tries it again.
public final class TargetState {
    private static final long FIRST_PAUSE = 2_000_000_000L;
    private static final int MOST_DOUBLINGS = 4;
    private static final int FAILED_CHECKS = 2;

    private final String service;
    private final Destination destination;
    private final String id;
    final long hash;
    private final AtomicInteger active = new AtomicInteger();
    private final LongAdder chosen = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicLong pausedUntil = new AtomicLong();
    private final AtomicInteger failedChecks = new AtomicInteger();
    private volatile @Nullable String why;

    /// Whether it is chosen.
    public enum Health {
        UP("up"),
        /// A connection failed lately.
        PAUSED("paused"),
        /// The health check says so.
        DOWN("down");

        private final String word;

        Health(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// @param id what a sticky cookie says in the place of the target's address
    TargetState(String service, Destination destination, String id) {
        this.service = service;
        this.destination = destination;
        this.id = id;
        this.hash = VisitorUnit.mix(destination.toString().hashCode());
    }

    public String service() {
        return service;
    }

    public Destination destination() {
        return destination;
    }

    /// Tells nothing about the target to who does not know the node's secret.
    public String id() {
        return id;
    }

    /// It has been chosen; [#ended] follows.
    public void began() {
        active.incrementAndGet();
        chosen.increment();
    }

    public void ended() {
        active.decrementAndGet();
    }

    /// No connection with it came about.
    ///
    /// @param reason for the operator
    public void connectFailed(String reason, long now) {
        failed.increment();
        why = reason;
        int doublings = Math.min(failures.getAndIncrement(), MOST_DOUBLINGS);
        pausedUntil.set(now + (FIRST_PAUSE << doublings));
    }

    /// It took a connection.
    public void connected() {
        if (failures.get() != 0) {
            failures.set(0);
            recovered();
        }
    }

    /// The health check had its answer; returns whether that changed anything.
    ///
    /// @param reason why it is not well; null where it is
    public boolean checked(@Nullable String reason) {
        boolean before = failedChecks.get() >= FAILED_CHECKS;
        if (reason == null) {
            failedChecks.set(0);
            failures.set(0);
            recovered();
        } else {
            why = reason;
            failedChecks.updateAndGet(count -> Math.min(count + 1, FAILED_CHECKS));
        }
        return before != (failedChecks.get() >= FAILED_CHECKS);
    }

    /// Forgets what a check said that is not made any more.
    void unchecked() {
        failedChecks.set(0);
    }

    private void recovered() {
        if (failures.get() == 0 && failedChecks.get() < FAILED_CHECKS) {
            why = null;
        }
    }

    public Health health(long now) {
        if (failedChecks.get() >= FAILED_CHECKS) {
            return Health.DOWN;
        }
        boolean paused = failures.get() > 0 && pausedUntil.get() - now > 0;
        return paused ? Health.PAUSED : Health.UP;
    }

    /// Why it is not well, for the operator; null where it is.
    public @Nullable String why() {
        return why;
    }

    /// Connections or requests that it serves now.
    public int active() {
        return active.get();
    }

    /// How often it was chosen so far.
    public long chosen() {
        return chosen.sum();
    }

    /// Connections with it that failed so far.
    public long failed() {
        return failed.sum();
    }

    /// Whether a request may have it. Behind a pause one may, and the others wait for what becomes of it.
    boolean isUsable(long now) {
        if (failedChecks.get() >= FAILED_CHECKS) {
            return false;
        }
        if (failures.get() == 0) {
            return true;
        }
        long until = pausedUntil.get();
        return until - now <= 0 && pausedUntil.compareAndSet(until, now + FIRST_PAUSE);
    }
}
