package dev.culvert.control.admin;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A change that cut the way by which its author had come: it is undone after a minute, unless somebody who can still
/// reach the node confirms it (design, section 5).
final class Trial {
    static final Duration LENGTH = Duration.ofSeconds(60);

    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final ScheduledExecutorService scheduler;
    private @Nullable ScheduledFuture<?> pending;
    private String what = "";

    /// Takes a change back.
    interface Undo {
        void run() throws IOException;
    }

    Trial(ScheduledExecutorService scheduler) {
        this.scheduler = scheduler;
    }

    /// Begins a minute. A change that is on trial already is confirmed by the next one.
    ///
    /// @param what the change, for the log
    synchronized void begin(String what, Undo undo) {
        confirm();
        this.what = what;
        LOG.warn("{} cut its author's own way in: undone in {} s unless confirmed", what, LENGTH.toSeconds());
        pending = scheduler.schedule(() -> end(what, undo), LENGTH.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void end(String ended, Undo undo) {
        pending = null;
        try {
            undo.run();
            LOG.warn("{} was not confirmed and is undone", ended);
        } catch (IOException | RuntimeException e) {
            LOG.error("{} was not confirmed, and cannot be undone: {}", ended, e.getMessage());
        }
    }

    /// Lets the change stay.
    ///
    /// @return the change, or an empty text if none is on trial
    synchronized String confirm() {
        ScheduledFuture<?> current = pending;
        pending = null;
        return current != null && current.cancel(false) ? what : "";
    }
}
