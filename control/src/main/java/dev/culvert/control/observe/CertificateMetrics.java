package dev.culvert.control.observe;

import dev.culvert.control.acme.CertificateView;
import dev.culvert.control.acme.Certificates;
import java.time.Duration;
import java.time.Instant;

/// How long certificates last, and how often none was to be had.
final class CertificateMetrics {
    private CertificateMetrics() {}

    static void collect(Certificates certificates, Families into) {
        Instant now = Instant.now();
        for (CertificateView view : certificates.views()) {
            into.add(
                    Metric.CERTIFICATE_EXPIRY,
                    Duration.between(now, view.notAfter()).toSeconds(),
                    view.name(),
                    view.source());
        }
        certificates.failures().forEach((reason, count) -> into.add(Metric.CERTIFICATE_FAILURES, count, reason));
    }
}
