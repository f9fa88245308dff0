/// The beginning of a TLS connection, as far as it can be read without a key. Entry type:
/// [dev.culvert.proto.tls.ClientHelloParser]. Sources: RFC 8446 (TLS 1.3), RFC 6066 §3 (server name), RFC 7301 (ALPN).
@NullMarked
package dev.culvert.proto.tls;

import org.jspecify.annotations.NullMarked;
