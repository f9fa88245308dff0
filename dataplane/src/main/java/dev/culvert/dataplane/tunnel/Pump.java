package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;

/// What moves the packets of an inner end, on one event loop.
interface Pump {
    IoEventLoop eventLoop();

    long now();

    /// Asks for one pass over everything that may want to send, after the current work of the loop.
    void schedulePump();

    /// Takes a bug that must not end the loop of all the others.
    void failed(Throwable bug);
}
