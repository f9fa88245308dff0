/// What this node proves its names with, and to whom. Entry types: [dev.culvert.dataplane.tls.TlsContexts], which the
/// control plane feeds with certificates and the ingress asks, and [dev.culvert.dataplane.tls.Challenges] for ACME.
/// Sources: RFC 8446 (TLS 1.3), RFC 5246 (1.2), RFC 6066 (server name), RFC 8555 and 8737 (ACME).
@NullMarked
package dev.culvert.dataplane.tls;

import org.jspecify.annotations.NullMarked;
