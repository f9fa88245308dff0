package dev.culvert.model;

/// The address behind a site that serves a service, as written; never resolved here.
///
/// @param scheme what is spoken there
/// @param host a lower-case name or an address literal without brackets, seen from the site
/// @param port 1..65535
/// @param last with `udp://` the last port of several in a row; `port` itself where it is one
/// @param tls how an `https://` target proves who it is
public record Target(Scheme scheme, String host, int port, int last, TargetTls tls) {
    public Target(Scheme scheme, String host, int port) {
        this(scheme, host, port, port, TargetTls.DEFAULT);
    }

    public Target(Scheme scheme, String host, int port, TargetTls tls) {
        this(scheme, host, port, port, tls);
    }

    public Target {
        if (port < 1 || last < port || last > 65535) {
            throw new IllegalArgumentException("ports: " + port + "-" + last + " (expected: within 1..65535)");
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
        TLS("tls"),
        UDP("udp");

        private final String word;

        Scheme(String word) {
            this.word = word;
        }

        /// Whether requests are spoken there.
        public boolean isHttp() {
            return this != TCP && this != TLS && this != UDP;
        }

        public Transport transport() {
            return this == UDP ? Transport.UDP : Transport.TCP;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// The same, judged by `next`.
    public Target with(TargetTls next) {
        return new Target(scheme, host, port, last, next);
    }

    /// How many ports it has.
    public int count() {
        return last - port + 1;
    }

    /// The one of its ports that is `offset` behind the first.
    public Target at(int offset) {
        return new Target(scheme, host, port + offset, tls);
    }

    public Transport transport() {
        return scheme.transport();
    }

    @Override
    public String toString() {
        return scheme + "://" + Literals.hostPort(host, port) + (last == port ? "" : "-" + last);
    }
}
