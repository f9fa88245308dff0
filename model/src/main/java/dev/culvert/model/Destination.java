package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// One target and the site behind which it is.
///
/// @param site null where the target is on this node's own side
public record Destination(@Nullable String site, Target target) {
    /// The text that the configuration takes: `http://192.168.1.20:8096 at home`, or the target alone.
    @Override
    public String toString() {
        return site == null ? target.toString() : target + " at " + site;
    }
}
