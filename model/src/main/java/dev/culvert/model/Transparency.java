package dev.culvert.model;

import java.util.List;

/// Which targets of a site may see a visitor's own address on their sockets.
///
/// @param allow all of them; each has to be among those that the home agrees to be reached at
/// @param returnsViaSite those of them whose answers pass the site's machine although they are neither on it nor in its
///     containers
public record Transparency(List<AllowRule> allow, List<AllowRule> returnsViaSite) {
    /// No target at all.
    public static final Transparency NOWHERE = new Transparency(List.of(), List.of());

    public Transparency {
        allow = List.copyOf(allow);
        returnsViaSite = List.copyOf(returnsViaSite);
    }
}
