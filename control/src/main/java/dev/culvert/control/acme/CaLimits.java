package dev.culvert.control.acme;

import java.net.URI;
import java.time.Duration;

/// What a CA is known to bear, so that it need not say so; 0 is no known limit.
///
/// @param failedValidations of one name within an hour
/// @param duplicates certificates for the same name within a week
/// @param perDomain new names below one registered domain within a week
/// @param orders of the account within three hours
record CaLimits(int failedValidations, int duplicates, int perDomain, int orders) {
    static final Duration VALIDATION_WINDOW = Duration.ofHours(1);
    static final Duration CERTIFICATE_WINDOW = Duration.ofDays(7);
    static final Duration ORDER_WINDOW = Duration.ofHours(3);

    /// Let's Encrypt's published limits.
    static final CaLimits LETS_ENCRYPT = new CaLimits(5, 5, 50, 300);

    /// Nobody minds modesty about failures.
    static final CaLimits UNKNOWN = new CaLimits(5, 0, 0, 0);

    static CaLimits of(URI directory) {
        return "acme-v02.api.letsencrypt.org".equals(directory.getHost()) ? LETS_ENCRYPT : UNKNOWN;
    }
}
