package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// The two ends of a datagram: filled in by [UdpSocket#receive], and what an answer is sent with, so that it
/// leaves from the address that was asked. Mutable, owned by the caller and meant to be used again.
public final class UdpEndpoint {
    long localHigh;
    long localLow;
    long remoteHigh;
    long remoteLow;
    int remotePort;

    /// An endpoint still to be filled in.
    public UdpEndpoint() {}

    /// The way from an own address to a peer.
    public UdpEndpoint(InetAddress local, InetSocketAddress remote) {
        localHigh = AddressWords.high(local);
        localLow = AddressWords.low(local);
        remoteHigh = AddressWords.high(remote.getAddress());
        remoteLow = AddressWords.low(remote.getAddress());
        remotePort = remote.getPort();
    }

    /// Takes over the values of another.
    public void set(UdpEndpoint other) {
        localHigh = other.localHigh;
        localLow = other.localLow;
        remoteHigh = other.remoteHigh;
        remoteLow = other.remoteLow;
        remotePort = other.remotePort;
    }

    /// Fills it in; addresses as [AddressWords] has them.
    public void set(long localHigh, long localLow, long remoteHigh, long remoteLow, int remotePort) {
        this.localHigh = localHigh;
        this.localLow = localLow;
        this.remoteHigh = remoteHigh;
        this.remoteLow = remoteLow;
        this.remotePort = remotePort;
    }

    public long localHigh() {
        return localHigh;
    }

    public long localLow() {
        return localLow;
    }

    public long remoteHigh() {
        return remoteHigh;
    }

    public long remoteLow() {
        return remoteLow;
    }

    public int remotePort() {
        return remotePort;
    }

    /// Whether both ends are the same, without an allocation.
    public boolean equalsEnds(UdpEndpoint other) {
        return hasRemote(other) && localLow == other.localLow && localHigh == other.localHigh;
    }

    /// Our address; allocates.
    public InetAddress local() {
        return AddressWords.toAddress(localHigh, localLow);
    }

    /// The peer's address and port; allocates.
    public InetSocketAddress remote() {
        return new InetSocketAddress(AddressWords.toAddress(remoteHigh, remoteLow), remotePort);
    }

    /// Whether the peer is the same, without an allocation.
    public boolean hasRemote(UdpEndpoint other) {
        return remoteLow == other.remoteLow && remoteHigh == other.remoteHigh && remotePort == other.remotePort;
    }

    @Override
    public String toString() {
        return local().getHostAddress() + " - " + remote();
    }
}
