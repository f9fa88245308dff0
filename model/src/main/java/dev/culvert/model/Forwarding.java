package dev.culvert.model;

/// Who carries the bytes of a service between its visitors and its targets.
public enum Forwarding {
    /// This process, connection by connection.
    RELAY("relay"),
    /// The kernel of the gateway, packet by packet, by rules of nftables (DNAT).
    KERNEL("kernel");

    private final String word;

    Forwarding(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
