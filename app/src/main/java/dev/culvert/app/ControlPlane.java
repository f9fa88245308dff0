package dev.culvert.app;

import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.Reloader;
import dev.culvert.control.acme.Certificates;
import dev.culvert.control.admin.AdminCalls;
import dev.culvert.control.admin.AdminService;
import dev.culvert.control.admin.StatusReport;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.enrol.Enrolment;
import dev.culvert.control.labels.DockerLabels;
import dev.culvert.control.link.Declarations;
import dev.culvert.control.link.PeerCalls;
import dev.culvert.control.link.Publisher;
import dev.culvert.control.store.StateFolder;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.model.Model;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/// What each role has besides the data plane, made in start order; the node's first model is applied on the way.
record ControlPlane(
        Node node,
        Store store,
        Configuration configuration,
        Reloader reloader,
        StatusReport status,
        Certificates certificates,
        ExecutorService workers,
        ScheduledExecutorService scheduler) {

    /// Serves what certificates there are from the first model on, and orders what it declares.
    static Certificates certificates(
            Node node,
            StateFolder state,
            Reloader reloader,
            ExecutorService workers,
            ScheduledExecutorService scheduler)
            throws IOException {
        Certificates.Parts parts = new Certificates.Parts(
                node.tls(), state.store(), node.events(), workers, scheduler, reloader::isPaused);
        Certificates certificates = new Certificates(parts, state.path());
        certificates.restore();
        node.onApplied(certificates::apply);
        return certificates;
    }

    /// @return what its operator may ask
    AdminService ofGateway(PublicKey key, Model model, GatewayEndpoint endpoint) throws IOException {
        Enrolment enrolment = new Enrolment(node, store, key, reloader::reload);
        Declarations declarations = new Declarations(node, configuration, store, reloader);
        node.serveControl(new PeerCalls(status::forPeer, declarations, List::of), enrolment);
        declarations.apply(model);
        enrolment.resume();
        return AdminCalls.ofGateway(node, status, certificates, enrolment, endpoint::required);
    }

    /// @param up told when the way to a gateway opens
    /// @return what its operator may ask
    AdminService ofSite(Model model, PeerUp up, Diagnosis diagnosis) throws IOException {
        Publisher publisher = new Publisher(node, workers);
        diagnosis.publications(publisher::outcomes);
        node.serveControl(
                new PeerCalls(status::forPeer, null, diagnosis::forPeer), _ -> Response.error(404, "this is a site"));
        reloader.onApplied(publisher::offer);
        up.then(publisher::offer);
        node.apply(model);
        DockerLabels labels = new DockerLabels(node, reloader, workers);
        configuration.also(labels::documents);
        labels.start(scheduler);
        publisher.start(scheduler);
        return AdminCalls.ofSite(node, status, certificates, store, reloader, publisher, scheduler);
    }
}
