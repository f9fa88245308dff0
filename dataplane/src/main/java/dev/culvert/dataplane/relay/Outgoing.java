package dev.culvert.dataplane.relay;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Channels that connect, for a relay. Netty's Bootstrap would do; it costs each connection a map of options, an
/// initializer that comes and goes, and two more turns of the loop.
public final class Outgoing {
    private Outgoing() {}

    /// Opens a channel that half-closes and has auto-read off, and connects it; one that fails is closed again.
    ///
    /// @param first takes what arrives before the relay does
    /// @param limitMillis how long a connect may take
    /// @return the connected channel; a failure where there is no descriptor left either
    public static Future<Channel> connect(
            InetSocketAddress address,
            ChannelFactory<? extends Channel> channels,
            EventLoop loop,
            ChannelHandler first,
            int limitMillis) {
        return connect(address, null, channels, loop, first, limitMillis);
    }

    /// The same, from an address of its own.
    ///
    /// @param from where it is bound to before; null for whatever the kernel takes
    public static Future<Channel> connect(
            InetSocketAddress address,
            @Nullable InetSocketAddress from,
            ChannelFactory<? extends Channel> channels,
            EventLoop loop,
            ChannelHandler first,
            int limitMillis) {
        Promise<Channel> connected = loop.newPromise();
        try {
            Channel channel = channels.newChannel();
            channel.config().setAutoRead(false).setConnectTimeoutMillis(limitMillis);
            // One of the tunnel does so anyway.
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            channel.pipeline().addLast(Relay.HANDSHAKE, first);
            loop.register(channel).addListener(registered -> {
                if (registered.isSuccess()) {
                    channel.connect(address, from).addListener(done -> settle(connected, channel, done));
                } else {
                    settle(connected, channel, registered);
                }
            });
        } catch (ChannelException exhausted) {
            connected.tryFailure(exhausted);
        }
        return connected;
    }

    private static void settle(Promise<Channel> connected, Channel channel, Future<?> done) {
        if (done.isSuccess()) {
            connected.trySuccess(channel);
        } else {
            channel.unsafe().closeForcibly();
            connected.tryFailure(done.cause());
        }
    }
}
