package dev.culvert.dataplane.tls;

import dev.culvert.model.Service;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/// A connection whose TLS ended here: what its handshake settled for all its requests.
///
/// @param context what it was made with
/// @param serverName the name that the visitor wanted, lower-case; empty if it named none
/// @param client the certificate that the visitor has shown, judged by the policy; null if none
public record Secured(
        TlsContext context, String serverName, @Nullable X509Certificate client) {
    /// Whether a request for `host` may come by this connection.
    ///
    /// @param host lower-case
    public boolean mayAskFor(String host, TlsContexts now) {
        TlsContext other = now.find(host);
        if (other == null) {
            return false;
        }
        // A policy that was narrowed meanwhile holds for this connection's next request, too.
        return host.equals(serverName) ? other.policy().equals(context.policy()) : context.alsoStandsFor(other);
    }

    /// Whether the same visitor may come to a service by HTTP/3: its codec cannot ask for certificates of one name and
    /// not of another.
    public boolean mayComeByQuic(Service service) {
        return context.isOpen() && service.tls().clientCaFile() == null;
    }

    /// Whether the handshake asked for what a service asks for.
    public boolean mayReach(Service service) {
        return service.tls().clientCaFile() == null
                || context.policy().service().equals(service.name());
    }
}
