package dev.culvert.dataplane.tunnel;

/// Why a packet between a tunnel and its interface came to nothing; what the kernel drops it counts itself.
enum TunDrop {
    /// What the kernel sent does not fit its own header of virtio.
    MALFORMED,
    /// The kernel sent a packet larger than the tunnel's MTU: somebody has given the interface a larger one.
    TOO_LARGE,
    /// A connection from a peer would begin, and the node does not take new ones now.
    NOT_ACCEPTING
}
