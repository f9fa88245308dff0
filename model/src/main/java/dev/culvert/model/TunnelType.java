package dev.culvert.model;

/// How the WireGuard end is realised.
public enum TunnelType {
    /// By what the process may do and the kernel has: [#KERNEL], else [#TUN], else [#EMBEDDED].
    AUTO("auto"),
    /// WireGuard and TCP/IP within the process; needs no privilege.
    EMBEDDED("embedded"),
    /// WireGuard within the process, an interface and the TCP/IP of the kernel; needs CAP_NET_ADMIN.
    TUN("tun"),
    /// The WireGuard and the TCP/IP of Linux; needs CAP_NET_ADMIN and CAP_NET_RAW.
    KERNEL("kernel");

    private final String word;

    TunnelType(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
