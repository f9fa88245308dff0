/// Certificates that the configuration names by their files. Entry type: [dev.culvert.control.tls.CertificateFiles].
/// Sources: RFC 7468 (PEM), RFC 5208 (PKCS #8), RFC 5915 (EC keys), RFC 8017 (RSA keys).
@NullMarked
package dev.culvert.control.tls;

import org.jspecify.annotations.NullMarked;
