package dev.culvert.control.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.GatewayEndpoint;
import dev.culvert.control.doctor.Finding.Level;
import dev.culvert.control.testing.GatewayFixture;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.Request;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.model.Endpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A gateway whose one site never calls.
@Timeout(30)
final class DoctorTest {
    private static final String GOOD = """
            http: {listen: ["127.0.0.1:38080"]}
            services:
              photos: {host: 192.0.2.80.example.com, site: home, target: "http://10.0.0.1:80"}
              ssh: {listen: "127.0.0.1:38022/tcp", site: home, target: "tcp://127.0.0.1:22"}
            sites:
              home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
            """;

    private GatewayFixture gateway;
    private Path file;
    private Node node;
    private Doctor doctor;
    private DoctorService service;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        gateway = new GatewayFixture(folder, GOOD);
        file = gateway.file;
        node = gateway.node;
        doctor = new Doctor(
                node, gateway.configuration, folder, new GatewayEndpoint(node, new Endpoint("10.9.8.7", 51820)));
        service = new DoctorService(node, doctor, _ -> Response.error(404, "the next one"));
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private static Finding of(List<Finding> findings, String check) {
        return findings.stream()
                .filter(finding -> finding.check().equals(check))
                .findFirst()
                .orElseThrow(() -> new AssertionError(check + " in " + findings));
    }

    @Test
    void findings_ofASiteThatNeverCalled_blameTheTunnelAndNotTheTarget() {
        List<Finding> findings = doctor.findings("ssh");

        assertThat(of(findings, "configuration").level()).isEqualTo(Level.OK);
        assertThat(of(findings, "endpoint for sites").what()).contains("private address");
        assertThat(of(findings, "ssh: route").level()).isEqualTo(Level.OK);
        assertThat(of(findings, "home: tunnel").what()).contains("UDP: nothing of home arrives");
        assertThat(of(findings, "ssh: target").level()).isEqualTo(Level.UNKNOWN);
        assertThat(findings).noneMatch(finding -> finding.check().contains("photos"));
    }

    @Test
    void findings_ofAFileThatBroke_sayThatTheLastGoodOneRuns() throws Exception {
        Files.writeString(file, "services: [\n");

        Finding finding = of(doctor.findings("ssh"), "configuration");

        assertThat(finding.isBroken()).isTrue();
        assertThat(finding.what()).contains("gateway.yaml:").contains("last good one runs");
    }

    @Test
    void checks_scopeByHostPortOrName_isTheServicesWay() {
        assertThat(doctor.checks("http://192.0.2.80.example.com/")).anyMatch(named("DNS of 192.0.2.80.example.com"));
        assertThat(doctor.checks("38022")).anyMatch(named("ssh: target")).noneMatch(named("photos: target"));
        assertThatThrownBy(() -> doctor.checks("nothing")).hasMessageContaining("photos, ssh");
    }

    private static Predicate<Check> named(String name) {
        return check -> check.name().equals(name);
    }

    @Test
    void service_checksOneByOne_areThoseOfThePlan() throws Exception {
        List<?> names = (List<?>) call("/doctor/checks", Map.of("scope", "ssh")).get("checks");

        assertThat(names)
                .asInstanceOf(LIST)
                .startsWith("configuration", "state folder", "clock")
                .endsWith("ssh: target")
                .doesNotHaveDuplicates();
        assertThat(call("/doctor/check", Map.of("scope", "ssh", "check", "clock")))
                .containsEntry("level", "ok");
        assertThat(answer("/doctor/check", Map.of("check", "no such")).status()).isEqualTo(400);
        assertThat(answer("/else", Map.of()).body()).contains("the next one");
    }

    @Test
    void service_explain_isTheNodesOwnJudgement() throws Exception {
        assertThat(call("/explain", Map.of("approach", "38022"))).containsEntry("permitted", true);
        assertThat(call("/explain", Map.of("approach", "38023"))).containsEntry("permitted", false);
        assertThat(answer("/explain", Map.of("approach", "38022", "from", "me")).status())
                .isEqualTo(400);
    }

    private Response answer(String path, Map<String, String> arguments) throws Exception {
        return service.handle(new Request(new AdminCaller(), "POST", path, JSON.std.asString(arguments)));
    }

    private Map<String, Object> call(String path, Map<String, String> arguments) throws Exception {
        return JSON.std.mapFrom(answer(path, arguments).body());
    }
}
