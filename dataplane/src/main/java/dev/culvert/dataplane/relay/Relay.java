package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.Connection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import java.util.List;

/// Two channels whose bytes go to each other until both directions have ended.
public final class Relay {
    /// Names of handlers that may still hold first bytes (behind a PROXY header, a hop reply, an upgrade): the relay
    /// removes them, in this order, once it can take what they hold.
    public static final String HANDSHAKE = "handshake";

    public static final String HTTP_CODEC = "http-codec";
    public static final String HTTP_FLOW = "http-flow";
    public static final String HTTP = "http";

    private static final List<String> PASSING = List.of(HANDSHAKE, HTTP_CODEC, HTTP_FLOW, HTTP);
    private static final String NAME = "relay";

    private Relay() {}

    /// Joins the two; both must be active with auto-read off, and nothing else may read from them any more.
    ///
    /// @param connection what counts the bytes; it has ended when both channels are closed
    public static void join(Channel visitor, Channel upstream, Connection connection) {
        RelayHalf inward = new RelayHalf(upstream, connection.received());
        RelayHalf outward = new RelayHalf(visitor, connection.sent());
        inward.opposite(outward);
        outward.opposite(inward);
        visitor.closeFuture().addListener(_ -> ended(upstream, connection));
        upstream.closeFuture().addListener(_ -> ended(visitor, connection));
        start(visitor, inward);
        start(upstream, outward);
    }

    private static void start(Channel channel, RelayHalf half) {
        channel.eventLoop().execute(() -> {
            if (!channel.isActive()) {
                half.gone();
                return;
            }
            channel.config().setOption(ChannelOption.AUTO_READ, false);
            channel.pipeline().addLast(NAME, half);
            for (String name : PASSING) {
                if (channel.pipeline().get(name) != null) {
                    channel.pipeline().remove(name);
                }
            }
            if (channel instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
                half.inputEnded();
            } else {
                channel.read();
            }
        });
    }

    /// Closes with a reset, so that what was cut does not look complete.
    public static void reset(Channel channel) {
        RelayHalf.reset(channel);
    }

    private static void ended(Channel other, Connection connection) {
        if (!other.isOpen()) {
            connection.ended();
        }
    }
}
