package dev.culvert.control.acme;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What the operator may know of the certificate that a name is served with.
///
/// @param source `file`, `issued`, or `stand-in`
/// @param state where its renewal stands: none, ordering, valid, renewing, failing; `off` where nothing is ordered
/// @param issuer in the form of RFC 2253
/// @param next when something will be tried; null where nothing is ordered
/// @param error of the latest order, if it failed
/// @param remedy what the operator can do
public record CertificateView(
        String name,
        String service,
        String source,
        String state,
        String issuer,
        Instant notAfter,
        @Nullable Instant next,
        String error,
        String remedy,
        int failures) {}
