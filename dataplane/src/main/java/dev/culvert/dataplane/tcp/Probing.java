package dev.culvert.dataplane.tcp;

import java.io.IOException;

/// Lets a connection that was dialled be probed while it is silent, once it is a few seconds old: that is four
/// calls of the kernel, and most are over before.
final class Probing extends Rounds.Stop {
    private final TcpChannel channel;
    private boolean seen;

    private Probing(TcpChannel channel) {
        this.channel = channel;
    }

    /// On the channel's loop.
    static Probing of(TcpChannel connected) {
        Probing probing = new Probing(connected);
        probing.join(connected.eventLoop());
        return probing;
    }

    /// The channel closes.
    void end() {
        leave();
    }

    @Override
    protected void look() {
        if (!seen) {
            seen = true;
            return;
        }
        leave();
        try {
            SocketSetup.PROBED.apply(channel.socket(), false);
        } catch (IOException broken) {
            channel.fail(broken);
        }
    }
}
