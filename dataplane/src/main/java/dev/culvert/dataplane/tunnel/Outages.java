package dev.culvert.dataplane.tunnel;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was broken, since when, for how long, and what repaired it: the latest 256, oldest first. May be used
/// from any thread.
///
/// Peers make these, not strangers, and each takes seconds: every one is logged when it is known and when it is
/// over.
public final class Outages {
    public static final int KEPT = 256;

    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final List<Outage> all = new ArrayList<>();
    private Runnable onChange = () -> {};

    /// @param duration null while it lasts
    /// @param repair what was done to its end; empty while it lasts
    public record Outage(
            Instant since,
            String subject,
            PathCause cause,
            @Nullable Duration duration,
            String repair) {}

    /// None yet.
    public Outages() {}

    /// Something is broken, or more is known of why.
    public void down(String subject, PathCause cause, Instant since) {
        LOG.warn("{}: down: {}", subject, cause.sentence());
        put(new Outage(since, subject, cause, null, ""));
    }

    /// What was broken is well again; it need not have been told before.
    public void repaired(String subject, PathCause cause, String repair, Instant since, Duration duration) {
        LOG.warn(
                "{}: well again after {} s: {}; repair: {}",
                subject,
                "%.1f".formatted(duration.toMillis() / 1000.0),
                cause.sentence(),
                repair);
        put(new Outage(since, subject, cause, duration, repair));
    }

    private void put(Outage outage) {
        Runnable told;
        synchronized (this) {
            // What lasts is replaced by what is known of it now; a size is nothing that lasts.
            Predicate<Outage> lasts =
                    before -> before.duration() == null && before.subject().equals(outage.subject());
            if (outage.cause() != PathCause.MTU) {
                all.removeIf(lasts);
            }
            all.add(outage);
            if (all.size() > KEPT) {
                all.removeFirst();
            }
            told = onChange;
        }
        told.run();
    }

    /// Those of an earlier run; one that lasted then ended with the process.
    public synchronized void restore(List<Outage> earlier) {
        all.addAll(0, earlier);
        while (all.size() > KEPT) {
            all.removeFirst();
        }
    }

    /// What to run, briefly, from the tunnel's loop, after each change.
    public synchronized void onChange(Runnable task) {
        onChange = task;
    }

    public synchronized List<Outage> all() {
        return List.copyOf(all);
    }
}
