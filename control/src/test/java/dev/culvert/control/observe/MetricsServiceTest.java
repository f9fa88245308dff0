package dev.culvert.control.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.observe.testing.Exposition;
import dev.culvert.dataplane.ServiceMeter.Durations;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.Caller;
import dev.culvert.dataplane.internal.InternalService.Request;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.InternalService.ScrapeCaller;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsServiceTest {
    private static final String OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    private static final Caller LOCAL = new ScrapeCaller(InetAddress.getLoopbackAddress());

    private final MetricsService service = new MetricsService(() -> {
        Families families = new Families();
        families.add(Metric.BUILD, 1, "1", "25", "gateway", "vps", "embedded", "epoll");
        families.add(Metric.SERVICE_RECEIVED, 1234567890123.0, "photos", "home");
        families.add(Metric.SERVICE_RECEIVED, 7, "web", "");
        families.add(Metric.HOP_LIVE, 2, "a \"quoted\"\nname\\");
        families.add(
                Metric.DURATION,
                new Durations(List.of(5_000_000L, 10_000_000L), List.of(3L, 2L, 1L), 42_000_000L),
                "photos",
                "home");
        return families.done();
    });

    @Test
    void get_plain_isStrictlyTheTextFormat() {
        Response answer = service.handle(get(LOCAL, "127.0.0.1:9464", ""));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.contentType()).startsWith("text/plain; version=0.0.4");
        Exposition metrics = Exposition.parse(answer.body());
        assertThat(metrics.value("culvert_service_received_bytes_total", "service", "photos", "site", "home"))
                .isEqualTo(1234567890123.0);
        assertThat(metrics.value("culvert_hop_live", "target", "a \"quoted\"\nname\\"))
                .isEqualTo(2);
        assertThat(metrics.value(
                        "culvert_http_request_duration_seconds_bucket",
                        "service",
                        "photos",
                        "site",
                        "home",
                        "le",
                        "0.01"))
                .isEqualTo(5);
        assertThat(metrics.value("culvert_http_request_duration_seconds_count", "service", "photos", "site", "home"))
                .isEqualTo(6);
        assertThat(metrics.value("culvert_http_request_duration_seconds_sum", "service", "photos", "site", "home"))
                .isEqualTo(0.042);
    }

    @Test
    void get_acceptingOpenMetrics_endsWithEof() {
        Response answer = service.handle(get(LOCAL, "[::1]:9464", OPEN_METRICS));

        assertThat(answer.contentType()).startsWith("application/openmetrics-text; version=1.0.0");
        assertThat(answer.body()).endsWith("# EOF\n").contains("# TYPE culvert_service_received_bytes counter");
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:9464", "127.0.0.1.evil.example:9464"})
    void get_onLoopbackByAForeignName_is403(String host) {
        assertThat(service.handle(get(LOCAL, host, "")).status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "LOCALHOST:9464", "127.0.0.1", "[::1]", "[::1]:9464"})
    void get_onLoopbackByItsOwnName_is200(String host) {
        assertThat(service.handle(get(LOCAL, host, "")).status()).isEqualTo(200);
    }

    @Test
    void handle_whatIsNotMetrics_isRefused() {
        assertThat(service.handle(get(new AdminCaller(), "", "")).status()).isEqualTo(403);
        assertThat(service.handle(new Request(LOCAL, "GET", "/", "")).status()).isEqualTo(404);
        assertThat(service.handle(new Request(LOCAL, "GET", "/metricsx", "")).status())
                .isEqualTo(404);
        assertThat(service.handle(new Request(LOCAL, "POST", "/metrics", "")).status())
                .isEqualTo(405);
    }

    @Test
    void get_whenTheTunnelIsSilent_is503() {
        MetricsService broken = new MetricsService(() -> {
            throw new IOException("the tunnel does not answer");
        });

        assertThat(broken.handle(get(LOCAL, "", "")).status()).isEqualTo(503);
    }

    private static Request get(Caller caller, String host, String accept) {
        return new Request(caller, "GET", "/metrics", "", host, accept);
    }
}
