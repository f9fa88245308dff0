package dev.culvert.control.observe;

import dev.culvert.control.acme.Certificates;
import dev.culvert.dataplane.Node;
import dev.culvert.model.AccessLogSettings;
import dev.culvert.model.Model;
import dev.culvert.model.Observation;
import java.io.IOException;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All that a node tells about itself while it runs, kept in step with its model: metrics, log settings, access log.
public final class Observatory implements AutoCloseable {
    private final Node node;
    private final About about;
    private final Consumer<Observation> log;
    private final AccessLog.Tally tally = new AccessLog.Tally();
    private final NodeMetrics nodeMetrics;
    private volatile @Nullable Certificates certificates;
    private @Nullable AccessLogSettings settings;
    private @Nullable AccessLog accessLog;

    /// What does not change while the process runs.
    ///
    /// @param version of the program
    /// @param io `epoll` or `nio`, and who does the cryptography
    public record About(String version, String io) {}

    /// Begins to observe; the node's model is looked at when it is applied.
    ///
    /// @param log takes over the settings of the log
    public Observatory(Node node, About about, Consumer<Observation> log) {
        this.node = node;
        this.about = about;
        this.log = log;
        this.nodeMetrics = new NodeMetrics(node);
        node.serveMetrics(new MetricsService(() -> {
            Families families = new Families();
            collect(families);
            return families.done();
        }));
        node.onApplied(this::apply);
    }

    /// Whose certificates are measured as well.
    public void observe(Certificates observed) {
        certificates = observed;
    }

    private void collect(Families into) throws IOException {
        Model model = node.model();
        into.add(
                Metric.BUILD,
                1,
                about.version(),
                Runtime.version().toString(),
                model.role().toString(),
                model.name(),
                node.tunnel().type(),
                about.io());
        nodeMetrics.collect(into);
        into.add(Metric.ACCESS_WRITTEN, tally.written().sum());
        into.add(Metric.ACCESS_DROPPED, tally.dropped().sum());
        Certificates observed = certificates;
        if (observed != null) {
            CertificateMetrics.collect(observed, into);
        }
        ProcessMetrics.collect(into);
    }

    private synchronized void apply(Model model) {
        log.accept(model.observation());
        AccessLogSettings next = model.observation().accessLog();
        if (Objects.equals(settings, next)) {
            return;
        }
        AccessLog before = accessLog;
        settings = next;
        accessLog = next == null ? null : new AccessLog(next, tally);
        node.connections().onEnded(accessLog);
        if (before != null) {
            before.close();
        }
    }

    /// Opens the access log anew: logrotate has moved the old file away.
    public synchronized void reopen() {
        if (accessLog != null) {
            accessLog.reopen();
        }
    }

    /// Writes what still waits.
    @Override
    public synchronized void close() {
        node.connections().onEnded(null);
        if (accessLog != null) {
            accessLog.close();
        }
    }
}
