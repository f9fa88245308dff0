package dev.culvert.app;

import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.audit.AuditService;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.doctor.Doctor;
import dev.culvert.control.doctor.DoctorService;
import dev.culvert.control.machine.SaneClock;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.ScheduledExecutorService;
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
    Diagnosis(Node node, Configuration configuration, Path state, GatewayEndpoint endpoint) {
        this.node = node;
        this.endpoint = endpoint;
        this.doctor = new Doctor(node, configuration, state, endpoint);
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

    /// The admin calls of this and, for all others, of `next`.
    InternalService before(InternalService next) {
        return new DoctorService(node, doctor, new AuditService(node, endpoint, next));
    }
}
