package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// One target and the site behind which it is.
///
/// @param site null at a site, where every target is on this side; at a gateway a site's name or [#HERE]
public record Destination(@Nullable String site, Target target) {
    /// What stands in the place of a site's name, at a gateway, for targets on the gateway's own side.
    public static final String HERE = "here";

    /// Asked several times for every request: what makes most of them differ.
    @Override
    public int hashCode() {
        return 31 * target.host().hashCode() + target.port();
    }

    /// The text that the configuration takes: `http://192.168.1.20:8096 at home`, or the target alone.
    @Override
    public String toString() {
        return site == null ? target.toString() : target + " at " + site;
    }
}
