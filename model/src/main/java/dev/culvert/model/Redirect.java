package dev.culvert.model;

/// Where visitors of a service are sent in place of a target.
///
/// @param to a URL; without a path, the request's own path and query follow it
/// @param status 301, 302, 303, 307 or 308
public record Redirect(String to, int status) {
    public static final int DEFAULT_STATUS = 302;

    /// The Location for a request target in normal form.
    public String location(String target) {
        boolean bare = to.indexOf('/', to.indexOf("://") + 3) < 0;
        return bare ? to + (target.startsWith("/") ? target : "/") : to;
    }
}
