package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// How a target is asked whether it is well.
///
/// @param path what is asked for with GET; null only dials, as for TCP
/// @param interval seconds between two questions
/// @param firstStatus the lowest status that counts as well
/// @param lastStatus the highest
public record HealthCheck(@Nullable String path, int interval, int firstStatus, int lastStatus) {
    public static final int DEFAULT_INTERVAL = 2;

    public boolean isWell(int status) {
        return status >= firstStatus && status <= lastStatus;
    }

    /// `200` or `200-399`.
    public String expect() {
        return firstStatus == lastStatus ? Integer.toString(firstStatus) : firstStatus + "-" + lastStatus;
    }
}
