package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import org.jspecify.annotations.Nullable;

/// How a relay of two sockets of the kernel becomes a [SplicePair]: at a moment when nothing waits to be written and
/// nothing is left in the pipelines that reads or rewrites, both leave their channels. On the loop of both.
final class SpliceStart {
    private final Splices splices;
    private final Connection connection;
    private final EpollSocketChannel visitor;
    private final EpollSocketChannel upstream;
    private final RelayHalf inward;
    private final RelayHalf outward;
    private boolean begun;
    private @Nullable ByteBuf inwardBytes;
    private @Nullable ByteBuf outwardBytes;

    private SpliceStart(
            Splices splices,
            Connection connection,
            EpollSocketChannel visitor,
            EpollSocketChannel upstream,
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
                && visitor instanceof EpollSocketChannel one
                && upstream instanceof EpollSocketChannel two
                && one.eventLoop().equals(two.eventLoop())) {
            SpliceStart start = new SpliceStart(splices, connection, one, two, inward, outward);
            inward.offer(start);
            outward.offer(start);
        }
    }

    /// Whether the relay is about to be one: nobody shall read or write by a channel any more.
    boolean hasBegun() {
        return begun;
    }

    /// Begins if it can be now.
    boolean begin() {
        if (!begun && isReady(visitor, inward, upstream) && isReady(upstream, outward, visitor)) {
            begun = true;
            visitor.deregister().addListener(_ -> upstream.deregister().addListener(_ -> go()));
        }
        return begun;
    }

    /// A direction may have ended: with all that it had, and its end passed on.
    private static boolean isReady(EpollSocketChannel channel, RelayHalf half, EpollSocketChannel sink) {
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

    /// Takes what a channel had read when this began.
    void keep(RelayHalf half, ByteBuf bytes) {
        if (half.equals(inward)) {
            inwardBytes = join(inwardBytes, bytes);
        } else {
            outwardBytes = join(outwardBytes, bytes);
        }
    }

    private ByteBuf join(@Nullable ByteBuf before, ByteBuf bytes) {
        if (before == null) {
            return bytes;
        }
        ByteBuf both = visitor.alloc().directBuffer(before.readableBytes() + bytes.readableBytes());
        both.writeBytes(before).writeBytes(bytes);
        before.release();
        bytes.release();
        return both;
    }

    private void go() {
        if (visitor.isOpen() && upstream.isOpen()) {
            splices.began();
            SplicePair pair = new SplicePair(splices, connection, visitor, upstream);
            pair.inward().begin(inwardBytes, inward.hasEnded());
            pair.outward().begin(outwardBytes, outward.hasEnded());
            pair.start();
            return;
        }
        release(inwardBytes);
        release(outwardBytes);
        visitor.close();
        upstream.close();
    }

    private static void release(@Nullable ByteBuf bytes) {
        if (bytes != null) {
            bytes.release();
        }
    }
}
