package dev.culvert.model;

/// The address behind a site that serves a service, as written; never resolved here.
///
/// @param scheme what is spoken there
/// @param host a lower-case name or an address literal without brackets, seen from the site
/// @param port 1..65535
/// @param tls how an `https://` target proves who it is
public record Target(Scheme scheme, String host, int port, TargetTls tls) {
    public Target(Scheme scheme, String host, int port) {
        this(scheme, host, port, TargetTls.DEFAULT);
    }

    public Target {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
    }

    public enum Scheme {
        /// HTTP/1.1.
        HTTP("http"),
        /// HTTP/2 or HTTP/1.1 within TLS, as the target prefers.
        HTTPS("https"),
        /// HTTP/2 without TLS, which is not asked for but known.
        H2C("h2c"),
        TCP("tcp"),
        /// TLS that ends at the target itself.
        TLS("tls");

        private final String word;

        Scheme(String word) {
            this.word = word;
        }

        /// Whether requests are spoken there.
        public boolean isHttp() {
            return this != TCP && this != TLS;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// The same, judged by `next`.
    public Target with(TargetTls next) {
        return new Target(scheme, host, port, next);
    }

    @Override
    public String toString() {
        return scheme + "://" + Literals.hostPort(host, port);
    }
}
