package dev.culvert.control.admin;

import dev.culvert.control.acme.CertificateView;
import dev.culvert.control.acme.Certificates;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What can be asked of a node about certificates.
final class CertificateCalls {
    private final Certificates certificates;

    CertificateCalls(Certificates certificates) {
        this.certificates = certificates;
    }

    List<Call> calls() {
        return List.of(Call.post(
                "/certificate/renew",
                "Orders a certificate for a name now, whatever its back-off; the authority's own word counts.",
                List.of(Call.Argument.text("name", "as a service declares it")),
                arguments -> renew(arguments.text("name"))));
    }

    private Map<String, Object> renew(String name) {
        certificates.renew(name);
        return Map.of("name", name);
    }

    /// Every name whose TLS ends at this node.
    List<Map<String, Object>> status() {
        Instant now = Instant.now();
        return certificates.views().stream().map(view -> map(view, now)).toList();
    }

    private static Map<String, Object> map(CertificateView view, Instant now) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", view.name());
        map.put("service", view.service());
        map.put("source", view.source());
        map.put("state", view.state());
        map.put("issuer", view.issuer());
        map.put("notAfter", view.notAfter().toString());
        map.put("secondsLeft", Duration.between(now, view.notAfter()).toSeconds());
        Instant next = view.next();
        if (next != null) {
            map.put("next", next.isBefore(now) ? now.toString() : next.toString());
        }
        map.put("failures", view.failures());
        map.put("error", view.error());
        map.put("remedy", view.remedy());
        return map;
    }
}
