package dev.culvert.model;

/// A remote host and port as written, resolved by whoever dials: `vps.example.com:51820`, `[2001:db8::1]:51820`.
///
/// @param host a lower-case name or an address literal without brackets
/// @param port 1..65535
public record Endpoint(String host, int port) {
    public Endpoint {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
    }

    @Override
    public String toString() {
        return Literals.hostPort(host, port);
    }
}
