package dev.culvert.app;

import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.Reloader;
import dev.culvert.control.admin.AdminCalls;
import dev.culvert.control.admin.AdminService;
import dev.culvert.control.admin.StatusReport;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.enrol.Enrolment;
import dev.culvert.control.labels.DockerLabels;
import dev.culvert.control.link.Declarations;
import dev.culvert.control.link.PeerCalls;
import dev.culvert.control.link.Publisher;
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
        ExecutorService workers,
        ScheduledExecutorService scheduler) {

    /// @return what its operator may ask
    AdminService ofGateway(PublicKey key, Model model, GatewayEndpoint endpoint) throws IOException {
        Enrolment enrolment = new Enrolment(node, store, key, reloader::reload);
        Declarations declarations = new Declarations(node, configuration, store, reloader);
        node.serveControl(new PeerCalls(status::forPeer, declarations, List::of), enrolment);
        declarations.apply(model);
        enrolment.resume();
        return AdminCalls.ofGateway(node, status, enrolment, endpoint::required);
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
        return AdminCalls.ofSite(node, status, store, reloader, publisher, scheduler);
    }
}
