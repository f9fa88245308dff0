package dev.culvert.control;

import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.tunnel.Outages;
import dev.culvert.dataplane.tunnel.Outages.Outage;
import dev.culvert.dataplane.tunnel.PathCause;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the outages that are over in the store, so that `status --events` tells of them after a restart as
/// well; at most a second late, and a full disk costs the memory of them and nothing else.
public final class OutageMemory {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final String KEY = "memory/outages";

    private final Outages outages;
    private final Store store;
    private final ScheduledExecutorService scheduler;
    private final AtomicBoolean due = new AtomicBoolean();
    private boolean failing;

    public OutageMemory(Outages outages, Store store, ScheduledExecutorService scheduler) {
        this.outages = outages;
        this.store = store;
        this.scheduler = scheduler;
    }

    /// Brings back what an earlier run has seen, and begins to remember.
    public void start() {
        Document document = store.read(KEY);
        if (document != null) {
            List<Outage> earlier = new ArrayList<>();
            document.text().lines().forEach(line -> {
                Outage outage = parse(line);
                if (outage != null) {
                    earlier.add(outage);
                }
            });
            outages.restore(earlier);
        }
        outages.onChange(this::changed);
    }

    private void changed() {
        if (due.compareAndSet(false, true)) {
            try {
                scheduler.schedule(this::write, 1, TimeUnit.SECONDS);
            } catch (RejectedExecutionException e) {
                // The node is being closed; what lasts to its end is not over.
            }
        }
    }

    /// Writes what is over, if that is news.
    void write() {
        due.set(false);
        StringBuilder text = new StringBuilder();
        for (Outage outage : outages.all()) {
            Duration duration = outage.duration();
            if (duration != null) {
                text.append(outage.since().toEpochMilli())
                        .append('\t')
                        .append(duration.toMillis())
                        .append('\t')
                        .append(outage.subject())
                        .append('\t')
                        .append(outage.cause().name())
                        .append('\t')
                        .append(outage.repair())
                        .append('\n');
            }
        }
        try {
            Document before = store.read(KEY);
            if (before == null ? !text.isEmpty() : !before.text().contentEquals(text)) {
                store.put(KEY, before == null ? 0 : before.version(), text.toString());
            }
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn("outages cannot be remembered: {}", e.getMessage());
            }
            failing = true;
        }
    }

    /// Null for a line of another version of Culvert.
    private static @Nullable Outage parse(String line) {
        String[] parts = line.split("\t", 5);
        if (parts.length != 5) {
            return null;
        }
        try {
            return new Outage(
                    Instant.ofEpochMilli(Long.parseLong(parts[0])),
                    parts[2],
                    PathCause.valueOf(parts[3]),
                    Duration.ofMillis(Long.parseLong(parts[1])),
                    parts[4]);
        } catch (IllegalArgumentException | DateTimeException e) {
            return null;
        }
    }
}
