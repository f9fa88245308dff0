package dev.culvert.model;

import java.util.List;
import java.util.Map;

/// How visitors arrive at the listeners that all services share, and how many may.
///
/// @param limits of the node as a whole
/// @param http who may name visitors at listeners with HTTP
/// @param https the same with HTTPS
public record Arrivals(Limits limits, ProxyTrust http, ProxyTrust https) implements Entry {
    public static final Arrivals DEFAULT = new Arrivals(Limits.DEFAULT, ProxyTrust.NOBODY, ProxyTrust.NOBODY);

    @Override
    public String label() {
        return "arrivals";
    }

    @Override
    public Map<String, List<String>> settings() {
        Settings settings = new Settings();
        limits.settings(settings);
        http.settings("http.", settings);
        https.settings("https.", settings);
        return settings.done();
    }
}
