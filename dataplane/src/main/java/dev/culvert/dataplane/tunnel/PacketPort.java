package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;

/// Packets of an interface that the kernel does not deal with itself: what peers send in datagrams and echo replies,
/// and whatever this process sends. Owned by the tunnel loop.
public interface PacketPort extends AutoCloseable {
    /// Begins to report: `readable` runs on the loop when packets have come since [#read] found none.
    void register(IoEventLoop loop, Runnable readable);

    /// Takes one IP packet.
    ///
    /// @return its length, 0 where none waits
    int read(byte[] into, int offset);

    /// Sends one IP packet to whichever peer it is for. What cannot be sent is lost, and counted.
    void write(byte[] bytes, int offset, int length);

    /// How many packets could not be sent.
    long writeErrors();

    @Override
    void close();
}
