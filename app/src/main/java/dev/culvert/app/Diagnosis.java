package dev.culvert.app;

import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.acme.CertificateView;
import dev.culvert.control.audit.AuditService;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.doctor.Doctor;
import dev.culvert.control.doctor.DoctorService;
import dev.culvert.control.doctor.Finding;
import dev.culvert.control.link.Publisher.Outcome;
import dev.culvert.control.machine.SaneClock;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The parts of a node that tell an operator what is wrong: `doctor`, `explain`, `audit`, and what a start says at
/// once.
final class Diagnosis {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final Node node;
    private final GatewayEndpoint endpoint;
    private final Doctor doctor;

    /// @param state the state folder
    /// @param certificates what the names are served with whose TLS ends here
    Diagnosis(
            Node node,
            Configuration configuration,
            Path state,
            GatewayEndpoint endpoint,
            Supplier<List<CertificateView>> certificates) {
        this.node = node;
        this.endpoint = endpoint;
        this.doctor = new Doctor(node, configuration, state, endpoint);
        doctor.certificates(certificates);
    }

    /// Says what is wrong already, and begins to remember what the tunnel drops.
    void start(ScheduledExecutorService scheduler) {
        String clock = SaneClock.wrong(Instant.now());
        if (clock != null) {
            LOG.warn("{}; {}", clock, SaneClock.FIX);
        }
        endpoint.announce();
        doctor.start(scheduler);
    }

    /// At a site: what its gateways said of what it publishes.
    void publications(Supplier<Map<String, Outcome>> outcomes) {
        doctor.publications(outcomes);
    }

    /// What the other end of a tunnel may know.
    List<Map<String, Object>> forPeer() {
        return doctor.findingsForPeer().stream().map(Finding::map).toList();
    }

    /// The admin calls of this and, for all others, of `next`.
    InternalService before(InternalService next) {
        return new DoctorService(node, doctor, new AuditService(node, endpoint, next));
    }
}
