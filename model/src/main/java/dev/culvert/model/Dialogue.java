package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// What is said to a target that does not speak HTTP, to learn whether it is well.
///
/// @param tls whether TLS is begun first; its certificate is not judged
/// @param tlsName the name in its hello; null for none
/// @param send the first words; empty where the target speaks first
/// @param expect a text that its answer has to contain; empty for any
public record Dialogue(boolean tls, @Nullable String tlsName, String send, String expect) {
    /// Just the connection.
    public static final Dialogue NONE = new Dialogue(false, null, "", "");

    /// Whether anything is asked but that it takes the connection.
    public boolean saysNothing() {
        return equals(NONE);
    }

    void settings(Settings out) {
        if (tls) {
            out.put("health.tls", tlsName == null ? "true" : tlsName);
        }
        out.putUnless("health.send", "", send).putUnless("health.expect", "", expect);
    }
}
