package dev.culvert.model;

/// How the WireGuard end is realised.
public enum TunnelType {
    /// The best that the machine offers; today always [#EMBEDDED].
    AUTO("auto"),
    /// WireGuard and TCP/IP within the process; needs no privilege.
    EMBEDDED("embedded");

    private final String word;

    TunnelType(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
