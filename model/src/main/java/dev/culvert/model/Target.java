package dev.culvert.model;

/// The address behind a site that serves a service, as written; never resolved here.
///
/// @param scheme what is spoken there
/// @param host a lower-case name or an address literal without brackets, seen from the site
/// @param port 1..65535
public record Target(Scheme scheme, String host, int port) {
    public Target {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
    }

    public enum Scheme {
        HTTP("http"),
        TCP("tcp");

        private final String word;

        Scheme(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    @Override
    public String toString() {
        return scheme + "://" + Literals.hostPort(host, port);
    }
}
