package dev.culvert.model;

import java.util.List;

/// A service that is asked about every request, as Authelia, authentik and oauth2-proxy want to be.
///
/// @param destination where it is dialled
/// @param path what is asked for there, in origin form
/// @param copyHeaders the fields of its answer that the target gets to see; a visitor's own are deleted
public record ForwardAuth(Destination destination, String path, List<String> copyHeaders) {
    /// What Authelia tells.
    public static final List<String> DEFAULT_COPY =
            List.of("Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name");

    public ForwardAuth {
        copyHeaders = List.copyOf(copyHeaders);
    }

    /// The URL as written.
    public String url() {
        return destination.target() + path;
    }

    ForwardAuth at(String site) {
        return new ForwardAuth(new Destination(site, destination.target()), path, copyHeaders);
    }
}
