package dev.culvert.control.admin;

import dev.culvert.control.Reloader;
import dev.culvert.control.acme.Certificates;
import dev.culvert.control.enrol.Enrolment;
import dev.culvert.control.link.FarEnds;
import dev.culvert.control.link.Publisher;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The admin interface of either role.
public final class AdminCalls {
    private AdminCalls() {}

    /// @param endpoint where sites dial this gateway, if that is known
    public static AdminService ofGateway(
            Node node,
            StatusReport status,
            Certificates certificates,
            Enrolment enrolment,
            Supplier<@Nullable Endpoint> endpoint) {
        List<Call> calls = ofNode(node, status, certificates);
        calls.addAll(new SiteCalls(node, enrolment, status.publicKey(), endpoint).calls());
        return new AdminService(calls);
    }

    public static AdminService ofSite(
            Node node,
            StatusReport status,
            Certificates certificates,
            Store store,
            Reloader reloader,
            Publisher publisher,
            ScheduledExecutorService scheduler) {
        List<Call> calls = ofNode(node, status, certificates);
        calls.addAll(new ServiceCalls(node, store, reloader, publisher, new Trial(scheduler)).calls());
        return new AdminService(calls);
    }

    private static List<Call> ofNode(Node node, StatusReport status, Certificates certificates) {
        CertificateCalls ofCertificates = new CertificateCalls(certificates);
        List<Call> calls = new ArrayList<>(new NodeCalls(node, status, new FarEnds(node), ofCertificates).calls());
        calls.addAll(ofCertificates.calls());
        return calls;
    }
}
