package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Ended;
import dev.culvert.model.decide.Allowance;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.List;

/// Two channels whose bytes go to each other until both directions have ended.
public final class Relay {
    /// Names of handlers that may still hold first bytes (behind a PROXY header, a hop reply, an upgrade): the relay
    /// removes them once it can take what they hold; first the last in the pipeline, so that nothing else takes it.
    public static final String HANDSHAKE = "handshake";

    public static final String HTTP_CODEC = "http-codec";
    public static final String HTTP_FLOW = "http-flow";
    public static final String HTTP = "http";

    /// The name of the handler in which TLS ends.
    public static final String TLS = "tls";

    private static final List<String> PASSING = List.of(HANDSHAKE, HTTP, HTTP_CODEC, HTTP_FLOW);
    private static final String NAME = "relay";

    private Relay() {}

    /// Joins the two; both must be active with auto-read off, and nothing else may read from them any more.
    ///
    /// @param connection what counts the bytes; it has ended when both channels are closed
    public static void join(Channel visitor, Channel upstream, Connection connection) {
        Allowance allowance = connection.allowance();
        RelayHalf inward = new RelayHalf(
                upstream, connection.received(), () -> connection.how(Ended.How.VISITOR), allowance, true);
        RelayHalf outward =
                new RelayHalf(visitor, connection.sent(), () -> connection.how(Ended.How.TARGET), allowance, false);
        inward.opposite(outward);
        outward.opposite(inward);
        SpliceStart.offer(visitor, upstream, connection, inward, outward);
        visitor.closeFuture().addListener(_ -> ended(upstream, connection));
        upstream.closeFuture().addListener(_ -> ended(visitor, connection));
        visitor.eventLoop().execute(() -> {
            removeEncoder(visitor);
            upstream.eventLoop().execute(() -> {
                removeEncoder(upstream);
                start(upstream, outward);
                visitor.eventLoop().execute(() -> start(visitor, inward));
            });
        });
    }

    /// Before the other side's first bytes are written: an encoder would refuse them.
    private static void removeEncoder(Channel channel) {
        if (channel.pipeline().get(HTTP_CODEC) instanceof CombinedChannelDuplexHandler<?, ?> codec) {
            codec.removeOutboundHandler();
        }
    }

    private static void start(Channel channel, RelayHalf half) {
        if (!channel.isActive()) {
            half.gone();
            return;
        }
        channel.config().setOption(ChannelOption.AUTO_READ, false);
        half.prepare(channel);
        channel.pipeline().addLast(NAME, half);
        for (String name : PASSING) {
            if (channel.pipeline().get(name) != null) {
                channel.pipeline().remove(name);
            }
        }
        // The end may have come before there was anybody to hear of it.
        if (channel instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
            half.inputEnded();
        } else {
            channel.read();
        }
        // What the other side has written meanwhile may have filled this one, and emptied it again unseen.
        half.resumeOpposite();
    }

    /// Ends the direction to the other end: with TLS by a close_notify, without which what was sent would look cut.
    public static Future<?> endOutput(DuplexChannel channel) {
        if (!(channel.pipeline().get(TLS) instanceof SslHandler tls)) {
            return channel.shutdownOutput();
        }
        Promise<Object> ended = channel.eventLoop().newPromise();
        tls.closeOutbound().addListener(_ -> channel.shutdownOutput().addListener(_ -> ended.trySuccess(true)));
        return ended;
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
