package dev.culvert.control.observe;

import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.model.Literals;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// `GET /metrics`: Prometheus's text format, or OpenMetrics for who accepts it.
///
/// The library is loaded by the first scrape: a node without metrics pays nothing for it.
final class MetricsService implements InternalService {
    private final Source source;

    /// Gives everything that is measured now.
    @FunctionalInterface
    interface Source {
        MetricSnapshots collect() throws IOException;
    }

    MetricsService(Source source) {
        this.source = source;
    }

    @Override
    public Response handle(Request request) {
        if (!(request.caller() instanceof ScrapeCaller caller)) {
            return Response.error(403, "metrics are served at metrics listeners only");
        }
        // AD-02: a page in a browser on this machine may lead its own name here, but not call itself an address.
        if (caller.address().isLoopbackAddress() && !isOwnName(request.host())) {
            return Response.error(403, "ask by the address of metrics.listen, or as localhost");
        }
        if (!request.path().equals("/metrics") && !request.path().startsWith("/metrics?")) {
            return Response.error(404, "there is only /metrics here");
        }
        if (!request.method().equals("GET")) {
            return Response.error(405, "GET only");
        }
        try {
            ExpositionFormatWriter writer = writer(request.accept());
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            writer.write(out, source.collect());
            return new Response(200, writer.getContentType(), out.toString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Response.error(503, String.valueOf(e.getMessage()));
        }
    }

    private static ExpositionFormatWriter writer(String accept) {
        OpenMetricsTextFormatWriter open = OpenMetricsTextFormatWriter.create();
        return open.accepts(accept) ? open : PrometheusTextFormatWriter.create();
    }

    private static boolean isOwnName(String host) {
        int colon = host.lastIndexOf(':');
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        String bare = name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
        return bare.isEmpty() || bare.toLowerCase(Locale.ROOT).equals("localhost") || Literals.address(bare) != null;
    }
}
