package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.tcp.TcpChannel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollIoOps;
import java.io.IOException;

/// Two sockets of the kernel's that their channels have handed over: their bytes go from one to the other by
/// splice(2), and their readiness comes here. On the loop of both.
///
/// Whoever holds a channel closes it as ever; a close of either is heard here and ends the other.
final class SplicePair {
    private final Connection connection;
    private final TcpChannel visitor;
    private final TcpChannel upstream;
    private final SpliceHalf inward;
    private final SpliceHalf outward;
    private boolean over;

    /// @param visitor with nothing left to write, as `upstream`
    SplicePair(Splices splices, Connection connection, TcpChannel visitor, TcpChannel upstream) {
        this.connection = connection;
        this.visitor = visitor;
        this.upstream = upstream;
        this.inward = new SpliceHalf(this, splices, visitor, upstream, connection.received());
        this.outward = new SpliceHalf(this, splices, upstream, visitor, connection.sent());
        inward.limit(connection.allowance(), true);
        outward.limit(connection.allowance(), false);
    }

    /// @param inwardEnded whether what the visitor sends has ended, and its end is passed on
    /// @param outwardEnded the same of what it gets
    void start(boolean inwardEnded, boolean outwardEnded) {
        visitor.closeFuture().addListener(_ -> gone(visitor));
        upstream.closeFuture().addListener(_ -> gone(upstream));
        visitor.handOver(this::ready);
        upstream.handOver(this::ready);
        inward.begin(inwardEnded);
        if (!over) {
            outward.begin(outwardEnded);
        }
    }

    private void ready(TcpChannel end, EpollIoOps what) {
        if (over) {
            return;
        }
        if (what.contains(EpollIoOps.EPOLLERR) && isReset(end)) {
            broke(end);
            return;
        }
        SpliceHalf source = from(end);
        if ((what.value() & ~EpollIoOps.EPOLLOUT.value()) != 0) {
            source.readable();
            if (source.isHeldUp() && !opposite(source).isHeldUp()) {
                end.mute();
            }
        }
        if (!over && what.contains(EpollIoOps.EPOLLOUT)) {
            opposite(source).writable();
        }
    }

    private static boolean isReset(TcpChannel end) {
        try {
            return end.socket().getSoError() != 0;
        } catch (IOException | ChannelException gone) {
            return true;
        }
    }

    private SpliceHalf from(TcpChannel end) {
        return end.equals(visitor) ? inward : outward;
    }

    private SpliceHalf opposite(SpliceHalf half) {
        return half.equals(inward) ? outward : inward;
    }

    /// All that the source of this half has said is with its sink.
    void ended(SpliceHalf half) {
        SpliceHalf answers = opposite(half);
        if (answers.isOver()) {
            over = true;
            visitor.close();
            upstream.close();
            return;
        }
        HalfClosed.watch(half.source(), answers.bytes(), () -> broke(half.source()));
        half.sink().shutdownOutput().addListener(done -> {
            if (!done.isSuccess()) {
                broke(half.sink());
            }
        });
    }

    /// A reset on one side becomes a reset on the other.
    ///
    /// @param side which of the two
    void broke(TcpChannel side) {
        if (over) {
            return;
        }
        over = true;
        connection.how(side.equals(visitor) ? Ended.How.VISITOR : Ended.How.TARGET);
        upstream.abort();
        visitor.abort();
    }

    /// A channel was closed, by us or by whoever cuts the connection.
    private void gone(TcpChannel end) {
        if (!over) {
            over = true;
            TcpChannel other = end.equals(visitor) ? upstream : visitor;
            if (from(end).sendRest()) {
                other.close();
            } else {
                // What was cut must not look complete.
                other.abort();
            }
        }
        inward.release();
        outward.release();
    }
}
