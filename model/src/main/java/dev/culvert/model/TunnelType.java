package dev.culvert.model;

/// How the WireGuard end is realised.
public enum TunnelType {
    /// What changes nothing of the machine: [#EMBEDDED].
    AUTO("auto"),
    /// WireGuard and TCP/IP within the process; needs no privilege.
    EMBEDDED("embedded"),
    /// WireGuard within the process, an interface and the TCP/IP of the kernel; needs CAP_NET_ADMIN.
    TUN("tun");

    private final String word;

    TunnelType(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
