package dev.culvert.control;

import dev.culvert.control.config.Configuration;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Model;
import dev.culvert.model.ModelDiff;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Problem;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Applies the configuration when it has changed: on demand (SIGHUP, enrolment), as soon as this process has
/// changed the store, and within a second of a change of the file or of another process. What is broken is said,
/// and the old model holds.
public final class Reloader {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final long INTERVAL_MILLIS = 1_000;

    private final Node node;
    private final Configuration configuration;
    private final ScheduledExecutorService scheduler;
    private volatile long revision;
    private volatile long fileRevision;
    private List<Problem> warned = List.of();
    private Runnable onApplied = () -> {};
    private boolean paused;

    public Reloader(Node node, Configuration configuration, ScheduledExecutorService scheduler) {
        this.node = node;
        this.configuration = configuration;
        this.scheduler = scheduler;
        this.revision = configuration.revision();
        this.fileRevision = configuration.fileRevision();
    }

    /// Begins to watch.
    public void start() {
        configuration.watch(scheduler, this::storeChanged);
        scheduler.scheduleWithFixedDelay(this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            configuration.catchUp();
            if (configuration.fileRevision() != fileRevision) {
                reload();
            }
        } catch (RuntimeException e) {
            // A watcher that dies would be silent for ever.
            LOG.error("the configuration cannot be watched: {}", e.getMessage());
        }
    }

    /// Who changed the store has mostly reloaded already.
    private void storeChanged() {
        try {
            if (configuration.revision() != revision) {
                reload();
            }
        } catch (RuntimeException e) {
            LOG.error("the configuration cannot be read: {}", e.getMessage());
        }
    }

    /// Reads everything and applies what differs. Safe from any thread but an event loop.
    ///
    /// @return why the old model goes on; empty if it does not
    public synchronized String reload() {
        if (paused) {
            return "an upgrade is under way";
        }
        revision = configuration.revision();
        fileRevision = configuration.fileRevision();
        try {
            switch (configuration.load()) {
                case Parsed.Problems<Model>(var problems) -> {
                    problems.forEach(problem -> LOG.error("{}", problem));
                    LOG.error("the configuration was not applied: the old one goes on");
                    return problems.getFirst().toString();
                }
                case Parsed.Ok<Model>(Model next, var warnings) -> {
                    if (!warnings.equals(warned)) {
                        warnings.forEach(warning -> LOG.warn("{}", warning));
                    }
                    warned = warnings;
                    apply(next);
                    return "";
                }
            }
        } catch (IOException e) {
            LOG.error("the configuration was not applied, the old one goes on: {}", e.getMessage());
            return String.valueOf(e.getMessage());
        }
    }

    /// Tells `listener`, on the thread that reloads, that another model holds now.
    public synchronized void onApplied(Runnable listener) {
        onApplied = listener;
    }

    /// Leaves everything as it is, from the return of this call to [#resume]: the state is about to be another's.
    public synchronized void pause() {
        paused = true;
    }

    public synchronized boolean isPaused() {
        return paused;
    }

    public synchronized void resume() {
        paused = false;
        reload();
    }

    private void apply(Model next) throws IOException {
        Model before = node.model();
        if (next.equals(before)) {
            return;
        }
        node.apply(next);
        LOG.info("configuration applied:");
        // A line each: what a log line holds cannot begin a line of its own.
        ModelDiff.between(before, next).toString().lines().forEach(line -> LOG.info("  {}", line));
        onApplied.run();
    }
}
