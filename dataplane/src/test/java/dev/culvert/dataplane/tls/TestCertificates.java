package dev.culvert.dataplane.tls;

import java.security.SecureRandom;
import java.time.Instant;

/// Certificates for tests elsewhere.
public final class TestCertificates {
    private TestCertificates() {}

    public static ServerCertificate selfSigned(String name) {
        return StandIn.make(name, Instant.now(), new SecureRandom());
    }
}
