package dev.culvert.proto.netstack;

/// Who talks to whom: filled in before a socket is made of it.
final class Tuple {
    long localHigh;
    long localLow;
    long remoteHigh;
    long remoteLow;
    /// Local port in the upper, remote port in the lower half.
    int ports;

    /// The tuple of the connection that `packet` and `segment` belong to, seen from here.
    void from(Packet packet, Segment segment) {
        localHigh = packet.targetHigh;
        localLow = packet.targetLow;
        remoteHigh = packet.sourceHigh;
        remoteLow = packet.sourceLow;
        ports = segment.targetPort << 16 | segment.sourcePort;
    }
}
