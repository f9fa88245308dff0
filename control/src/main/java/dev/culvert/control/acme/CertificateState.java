package dev.culvert.control.acme;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where a declared name stands.
///
/// @param lifetime of the certificate that serves; null before the first
/// @param next when something will be tried
/// @param failure of the latest order, if it failed
/// @param failures in a row
record CertificateState(
        String name,
        Phase phase,
        @Nullable Lifetime lifetime,
        Instant next,
        @Nullable OrderFailure failure,
        @Nullable Instant failedAt,
        int failures) {

    /// Where the name stands, in a word.
    enum Phase {
        /// No certificate yet, nothing tried.
        NONE,
        /// The first is being ordered.
        ORDERING,
        VALID,
        /// There is one, and another is being ordered.
        RENEWING,
        /// The latest order failed; a certificate may still be there.
        FAILING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
