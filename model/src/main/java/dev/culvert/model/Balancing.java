package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// How a service with several targets chooses among them.
///
/// @param sticky whether a cookie keeps a visitor at the target of its first request
/// @param check how targets are asked whether they are well; null only learns from failed connections
public record Balancing(
        Method method, boolean sticky, @Nullable HealthCheck check) {
    public static final Balancing DEFAULT = new Balancing(Method.ROUND_ROBIN, false, null);

    public enum Method {
        /// One after the other.
        ROUND_ROBIN("round-robin"),
        /// Whichever has the fewest connections or requests under way.
        LEAST_CONNECTIONS("least-connections"),
        /// By the visitor's address, so that it comes to the same target as long as that is well.
        SOURCE("source");

        private final String word;

        Method(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    void settings(Settings out) {
        out.putUnless("balance", Method.ROUND_ROBIN, method).putUnless("sticky", false, sticky);
        HealthCheck health = check;
        if (health != null) {
            out.put("health.path", health.path())
                    .put("health.interval", health.interval())
                    .put("health.expect", health.path() == null ? null : health.expect());
            health.dialogue().settings(out);
        }
    }
}
