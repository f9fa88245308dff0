/// Certificates by themselves: [Certificates] runs what [RenewalPlanner] decides, an order at a time through
/// [AcmeClient], and keeps what it got in the [CertificateStore].
///
/// Sources: RFC 8555 (ACME), RFC 8737 (TLS-ALPN-01), RFC 9773 (renewal information), RFC 2136 and RFC 8945 (dynamic
/// DNS updates and their signatures).
@NullMarked
package dev.culvert.control.acme;

import org.jspecify.annotations.NullMarked;
