package dev.culvert.model;

/// What runs at the other end of the tunnel.
public enum PeerType {
    /// Culvert: it speaks the hop protocol and judges targets itself.
    CULVERT("culvert"),
    /// Any stock WireGuard: it is dialled at its own addresses.
    PLAIN("plain");

    private final String word;

    PeerType(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
