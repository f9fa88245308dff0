package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// How a target is asked whether it is well.
///
/// @param path what is asked for with GET; null only connects, and says what `dialogue` has
/// @param interval seconds between two questions
/// @param firstStatus the lowest status that counts as well
/// @param lastStatus the highest
/// @param dialogue what is said to a target that does not speak HTTP
public record HealthCheck(@Nullable String path, int interval, int firstStatus, int lastStatus, Dialogue dialogue) {
    public static final int DEFAULT_INTERVAL = 2;

    public boolean isWell(int status) {
        return status >= firstStatus && status <= lastStatus;
    }

    /// `200` or `200-399`.
    public String expect() {
        return firstStatus == lastStatus ? Integer.toString(firstStatus) : firstStatus + "-" + lastStatus;
    }
}
