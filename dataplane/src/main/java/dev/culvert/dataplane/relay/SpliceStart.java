package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.tcp.TcpChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/// How a relay of two sockets of the kernel becomes a [SplicePair]: at a moment when nothing waits to be written
/// and nothing is left in the pipelines that reads or rewrites, both channels hand their sockets over. On the loop
/// of both.
final class SpliceStart {
    private final Splices splices;
    private final Connection connection;
    private final TcpChannel visitor;
    private final TcpChannel upstream;
    private final RelayHalf inward;
    private final RelayHalf outward;
    private boolean begun;

    private SpliceStart(
            Splices splices,
            Connection connection,
            TcpChannel visitor,
            TcpChannel upstream,
            RelayHalf inward,
            RelayHalf outward) {
        this.splices = splices;
        this.connection = connection;
        this.visitor = visitor;
        this.upstream = upstream;
        this.inward = inward;
        this.outward = outward;
    }

    /// Lets a relay become one, if both its ends are sockets of one loop.
    static void offer(Channel visitor, Channel upstream, Connection connection, RelayHalf inward, RelayHalf outward) {
        Splices splices = connection.splices();
        if (splices != null
                && visitor instanceof TcpChannel one
                && upstream instanceof TcpChannel two
                && one.eventLoop().equals(two.eventLoop())) {
            SpliceStart start = new SpliceStart(splices, connection, one, two, inward, outward);
            inward.offer(start);
            outward.offer(start);
        }
    }

    /// Whether the relay is one: nobody shall read or write by a channel any more.
    boolean hasBegun() {
        return begun;
    }

    /// Begins if it can be now.
    boolean begin() {
        if (!begun && isReady(visitor, inward, upstream) && isReady(upstream, outward, visitor)) {
            begun = true;
            splices.began();
            new SplicePair(splices, connection, visitor, upstream).start(inward.hasEnded(), outward.hasEnded());
        }
        return begun;
    }

    /// A direction may have ended: with all that it had, and its end passed on.
    private static boolean isReady(TcpChannel channel, RelayHalf half, TcpChannel sink) {
        ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
        return channel.isActive()
                && half.isIdle()
                && half.hasEnded() == channel.isInputShutdown()
                && half.hasEnded() == sink.isOutputShutdown()
                && waiting != null
                && waiting.totalPendingWriteBytes() == 0
                && half.equals(channel.pipeline().first())
                && half.equals(channel.pipeline().last());
    }
}
