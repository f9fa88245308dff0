package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// What [Stack#pollReady] reports: a socket whose readiness has changed. The links make it a member of the
/// stack's two queues without an allocation.
public abstract sealed class Pollable permits TcpSocket, TcpListener, UdpSocket {
    @Nullable
    Pollable nextReady;

    boolean inReady;

    @Nullable
    Pollable nextTransmit;

    boolean inTransmit;
    /// Its user has closed it: nothing about it is reported any more.
    boolean detached;

    private @Nullable Object attachment;

    Pollable() {}

    /// Whatever its user has attached, such as the channel on top of it.
    public final @Nullable Object attachment() {
        return attachment;
    }

    public final void attach(@Nullable Object attachment) {
        this.attachment = attachment;
    }
}
