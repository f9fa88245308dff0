package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;

/// How many there are of each remote host: an IPv4 address, or an IPv6 network of 64 bits. Hosts whose hashes agree are
/// counted as one; the hash is keyed, so that none can choose whom to share it with.
final class HostCounts {
    private static final int CELLS = 4096;

    private final long key;
    private final int[] counts = new int[CELLS];

    HostCounts(long key) {
        this.key = key | 1;
    }

    int of(long high, long low) {
        return counts[cell(high, low)];
    }

    void add(TcpSocket socket, int number) {
        counts[cell(socket.remoteHigh, socket.remoteLow)] += number;
    }

    private int cell(long high, long low) {
        long h = (AddressWords.isIpv4(high, low) ? low : high) * key;
        return (int) (((h ^ (h >>> 32)) * key) >>> 52);
    }
}
