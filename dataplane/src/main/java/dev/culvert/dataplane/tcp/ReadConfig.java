package dev.culvert.dataplane.tcp;

import io.netty.channel.Channel;
import io.netty.channel.DefaultChannelConfig;

/// A channel's configuration that tells when auto-read ends.
final class ReadConfig extends DefaultChannelConfig {
    private final Runnable cleared;

    /// @param cleared called on whatever thread ends it
    ReadConfig(Channel channel, Runnable cleared) {
        super(channel);
        this.cleared = cleared;
    }

    @Override
    protected void autoReadCleared() {
        cleared.run();
    }
}
