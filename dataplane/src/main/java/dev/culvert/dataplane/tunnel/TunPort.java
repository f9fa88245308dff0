package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;
import java.io.IOException;

/// An interface of the kernel's that this process is the other end of: packets in and out, each behind a header of
/// virtio ([dev.culvert.proto.offload]). Owned by the tunnel loop. It lives as long as it is open here.
public interface TunPort extends AutoCloseable {
    /// The interface's name.
    String name();

    /// Begins to report: `readable` runs on the loop when packets have come since [#read] found none, `gone` once if
    /// somebody removes the interface.
    void register(IoEventLoop loop, Runnable readable, Runnable gone) throws IOException;

    /// Takes back [#register]: what comes waits in the kernel.
    void unregister();

    /// Takes what the kernel sends: one packet, or one that is to be cut into many.
    ///
    /// @return bytes with the header, 0 where none waits
    int read(byte[] into);

    /// Gives the kernel one packet, or many joined, with the header.
    void write(byte[] bytes, int offset, int length);

    /// How many of those the kernel refused.
    long writeErrors();

    @Override
    void close();
}
