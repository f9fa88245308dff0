package dev.culvert.model;

/// Host names that a site may publish: one name, every name below a domain, or all.
///
/// @param text `photos.example.com`, `*.example.com` (at any depth, not `example.com` itself) or `*`; lower-case
/// A-labels
public record HostPattern(String text) {
    /// @param host lower-case A-labels
    public boolean matches(String host) {
        if (text.equals("*")) {
            return true;
        }
        return text.startsWith("*.")
                ? host.length() > text.length() - 1 && host.endsWith(text.substring(1))
                : host.equals(text);
    }

    @Override
    public String toString() {
        return text;
    }
}
