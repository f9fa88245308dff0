package dev.culvert.control;

import dev.culvert.control.config.Configuration;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Model;
import dev.culvert.model.ModelDiff;
import dev.culvert.model.config.Parsed;
import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Applies the configuration when it has changed: on demand (SIGHUP, enrolment), and within a second of a change of
/// file
/// or store. What is broken is said, and the old model holds.
public final class Reloader {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final long INTERVAL_MILLIS = 1_000;

    private final Node node;
    private final Configuration configuration;
    private final ScheduledExecutorService scheduler;
    private long revision;
    private boolean paused;

    public Reloader(Node node, Configuration configuration, ScheduledExecutorService scheduler) {
        this.node = node;
        this.configuration = configuration;
        this.scheduler = scheduler;
        this.revision = configuration.revision();
    }

    /// Begins to watch.
    public void start() {
        scheduler.scheduleWithFixedDelay(this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            if (configuration.revision() != revision) {
                reloadNow();
            }
        } catch (RuntimeException e) {
            // A watcher that dies would be silent for ever.
            LOG.error("the configuration cannot be watched: {}", e.getMessage());
        }
    }

    /// Reads everything and applies what differs. Safe from any thread but an event loop.
    public synchronized void reloadNow() {
        if (paused) {
            return;
        }
        revision = configuration.revision();
        try {
            switch (configuration.load()) {
                case Parsed.Problems<Model>(var problems) -> {
                    problems.forEach(problem -> LOG.error("{}", problem));
                    LOG.error("the configuration was not applied: the old one goes on");
                }
                case Parsed.Ok<Model>(Model next, var warnings) -> {
                    warnings.forEach(warning -> LOG.warn("{}", warning));
                    apply(next);
                }
            }
        } catch (IOException e) {
            LOG.error("the configuration was not applied, the old one goes on: {}", e.getMessage());
        }
    }

    /// Leaves everything as it is, from the return of this call to [#resume]: the state is about to be another's.
    public synchronized void pause() {
        paused = true;
    }

    public synchronized void resume() {
        paused = false;
        reloadNow();
    }

    private void apply(Model next) throws IOException {
        Model before = node.model();
        if (next.equals(before)) {
            return;
        }
        node.apply(next);
        LOG.info(
                "configuration applied:\n{}",
                ModelDiff.between(before, next).toString().stripTrailing());
    }
}
