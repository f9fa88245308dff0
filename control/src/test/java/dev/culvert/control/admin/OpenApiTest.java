package dev.culvert.control.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.enrol.Enrolment;
import dev.culvert.control.link.Publisher;
import dev.culvert.control.testing.GatewayFixture;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Holds docs/openapi-gateway.json and docs/openapi-site.json against the calls; `-Dgolden.update=true` rewrites them.
@Timeout(20)
class OpenApiTest {
    private static final JSON PRETTY = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

    @Test
    void document_ofEachRole_isTheOneInDocs(@TempDir Path folder) throws Exception {
        try (GatewayFixture node = new GatewayFixture(folder, "http: {listen: []}\n");
                ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
                ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor()) {
            StatusReport status =
                    new StatusReport(node.node, node.key.publicKey().toString(), "test", "by test");
            Enrolment enrolment = new Enrolment(node.node, node.store, node.key.publicKey(), node.reloader::reload);
            AdminService gateway = AdminCalls.ofGateway(node.node, status, node.certificates, enrolment, () -> null);
            Publisher publisher = new Publisher(node.node, workers);
            AdminService site = AdminCalls.ofSite(
                    node.node, status, node.certificates, node.store, node.reloader, publisher, scheduler);

            hold("openapi-gateway.json", gateway);
            hold("openapi-site.json", site);
            assertThat(gateway.handle(new Request(new AdminCaller(), "GET", "/openapi.json", ""))
                            .body())
                    .contains("\"/sites/grant\"");
        }
    }

    private static void hold(String name, AdminService service) throws Exception {
        Map<String, Object> document = service.openApi();
        String text = PRETTY.asString(document) + "\n";
        Path file = Path.of(System.getProperty("user.dir"), "..", "docs", name).normalize();
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(file, text);
        }
        assertThat(text).isEqualTo(Files.readString(file));
    }
}
