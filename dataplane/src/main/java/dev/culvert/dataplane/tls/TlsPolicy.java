package dev.culvert.dataplane.tls;

import java.security.cert.X509Certificate;
import java.util.List;

/// What a service asks of those who come to it by TLS. Sessions are resumed only under the policy they began under.
///
/// @param service its name
/// @param clients whether they have to show a certificate
/// @param authorities who may have issued it; empty with [Clients#ANYONE]
public record TlsPolicy(String service, Clients clients, List<X509Certificate> authorities) {
    public TlsPolicy {
        authorities = List.copyOf(authorities);
        if ((clients == Clients.ANYONE) != authorities.isEmpty()) {
            throw new IllegalArgumentException(clients + " with " + authorities.size() + " authorities");
        }
    }

    /// Who is let in.
    public enum Clients {
        /// Nobody is asked for a certificate.
        ANYONE,
        /// Who shows one must show a right one.
        OPTIONAL,
        /// Only who shows one.
        REQUIRED
    }

    public static TlsPolicy open(String service) {
        return new TlsPolicy(service, Clients.ANYONE, List.of());
    }
}
