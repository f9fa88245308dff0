package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// How the certificate of an `https://` target is judged.
///
/// @param ca the file of the authorities that are believed in place of the system's; null for the system's
/// @param insecure whether any certificate will do, and any name in it
public record TargetTls(@Nullable String ca, boolean insecure) {
    public static final TargetTls DEFAULT = new TargetTls(null, false);
}
