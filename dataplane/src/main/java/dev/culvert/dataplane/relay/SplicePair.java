package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Ended;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Two sockets of the kernel's that have left their channels: their bytes go from one to the other by splice(2), and
/// their readiness comes here. On the loop of both.
///
/// The channels stay open and unregistered, so that whoever holds one closes it as ever; a close of either is heard
/// here and ends the other.
final class SplicePair {
    // By edge: no call of the kernel says what is waited for. To ask again (see #again) has an edge anew.
    private static final EpollIoOps READINESS = EpollIoOps.valueOf(EpollIoOps.EPOLLIN.value()
            | EpollIoOps.EPOLLOUT.value()
            | EpollIoOps.EPOLLRDHUP.value()
            | EpollIoOps.EPOLLET.value());

    private final Connection connection;
    private final End visitor;
    private final End upstream;
    private final SpliceHalf inward;
    private final SpliceHalf outward;
    private boolean over;

    /// @param visitor unregistered, with nothing left to write, as `upstream`
    SplicePair(Splices splices, Connection connection, EpollSocketChannel visitor, EpollSocketChannel upstream) {
        this.connection = connection;
        this.visitor = new End(visitor, Ended.How.VISITOR);
        this.upstream = new End(upstream, Ended.How.TARGET);
        this.inward = new SpliceHalf(this, splices, visitor, upstream, connection.received());
        this.outward = new SpliceHalf(this, splices, upstream, visitor, connection.sent());
        inward.limit(connection.allowance(), true);
        outward.limit(connection.allowance(), false);
    }

    SpliceHalf inward() {
        return inward;
    }

    SpliceHalf outward() {
        return outward;
    }

    void start() {
        visitor.channel.closeFuture().addListener(_ -> gone(visitor));
        upstream.channel.closeFuture().addListener(_ -> gone(upstream));
        IoEventLoop loop = (IoEventLoop) visitor.channel.eventLoop();
        loop.register(visitor).addListener(one -> {
            visitor.registered(one);
            loop.register(upstream).addListener(two -> {
                upstream.registered(two);
                if (over) {
                    cancel();
                } else if (one.isSuccess() && two.isSuccess()) {
                    visitor.listen();
                    upstream.listen();
                } else {
                    broke(upstream.channel);
                }
            });
        });
    }

    private SpliceHalf from(End end) {
        return end.equals(visitor) ? inward : outward;
    }

    private SpliceHalf opposite(SpliceHalf half) {
        return half.equals(inward) ? outward : inward;
    }

    /// This half has had its turn and could go on: the others first.
    void again(SpliceHalf half) {
        (half.equals(inward) ? visitor : upstream).listen();
    }

    /// All that the source of this half has said is with its sink.
    void ended(SpliceHalf half) {
        SpliceHalf answers = opposite(half);
        if (answers.isOver()) {
            over = true;
            visitor.channel.close();
            upstream.channel.close();
            return;
        }
        HalfClosed.watch(half.source(), answers.bytes(), () -> broke(half.source()));
        try {
            ((Socket) half.sink().fd()).shutdown(false, true);
        } catch (IOException | java.nio.channels.NotYetConnectedException reset) {
            broke(half.sink());
        }
    }

    /// A reset on one side becomes a reset on the other.
    ///
    /// @param side which of the two
    void broke(EpollSocketChannel side) {
        if (over) {
            return;
        }
        over = true;
        connection.how(side.equals(visitor.channel) ? visitor.how : upstream.how);
        Relay.reset(upstream.channel);
        Relay.reset(visitor.channel);
    }

    /// A channel was closed, by us or by whoever cuts the connection.
    private void gone(End end) {
        cancel();
        if (!over) {
            over = true;
            EpollSocketChannel other = end.equals(visitor) ? upstream.channel : visitor.channel;
            if (from(end).sendRest()) {
                other.close();
            } else {
                // What was cut must not look complete.
                Relay.reset(other);
            }
        }
        inward.release();
        outward.release();
    }

    private void cancel() {
        visitor.cancel();
        upstream.cancel();
    }

    /// One of the two sockets on the loop.
    private final class End implements EpollIoHandle {
        private final EpollSocketChannel channel;
        private final Ended.How how;
        private @Nullable IoRegistration registration;

        End(EpollSocketChannel channel, Ended.How how) {
            this.channel = channel;
            this.how = how;
        }

        void registered(Future<? super IoRegistration> done) {
            if (done.isSuccess()) {
                registration = (IoRegistration) done.getNow();
            }
        }

        void listen() {
            IoRegistration current = registration;
            if (current != null) {
                current.submit(READINESS);
            }
        }

        void cancel() {
            IoRegistration current = registration;
            registration = null;
            if (current != null) {
                current.cancel();
            }
        }

        @Override
        public FileDescriptor fd() {
            return channel.fd();
        }

        @Override
        public void handle(IoRegistration current, IoEvent event) {
            if (over) {
                return;
            }
            EpollIoOps ready = ((EpollIoEvent) event).ops();
            if (ready.contains(EpollIoOps.EPOLLERR) && isReset()) {
                broke(channel);
                return;
            }
            SpliceHalf source = from(this);
            if ((ready.value() & ~EpollIoOps.EPOLLOUT.value()) != 0) {
                source.readable();
            }
            if (!over && ready.contains(EpollIoOps.EPOLLOUT)) {
                opposite(source).writable();
            }
        }

        private boolean isReset() {
            try {
                return ((Socket) channel.fd()).getSoError() != 0;
            } catch (IOException gone) {
                return true;
            }
        }

        @Override
        public void close() {
            channel.close();
        }
    }
}
