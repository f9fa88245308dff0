package dev.culvert.dataplane.relay;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Looks after a channel whose input has ended (attacks.md TC-04): nobody reads from it any more, so a reset behind the
/// end would be noticed by the next write alone, which may never come. On its loop.
final class HalfClosed implements Runnable {
    private static final int LOOK_SECONDS = 3;
    // What a question that has ended waits for without a byte of its answer: no job takes as long, but harm does.
    private static final int MOST_SILENT_LOOKS = 1_800 / LOOK_SECONDS;
    // TCP_CLOSE of Linux's tcp_states.h.
    private static final int CLOSED = 7;

    private final Channel source;
    private final LongAdder answered;
    private final Runnable broken;
    private long before;
    private int silent;

    private HalfClosed(Channel source, LongAdder answered, Runnable broken) {
        this.source = source;
        this.answered = answered;
        this.broken = broken;
    }

    /// @param answered bytes that have gone to it so far
    /// @param broken what to do when it is gone, or silent for too long
    static void watch(Channel source, LongAdder answered, Runnable broken) {
        HalfClosed watch = new HalfClosed(source, answered, broken);
        Future<?> looks =
                source.eventLoop().scheduleWithFixedDelay(watch, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
        source.closeFuture().addListener(_ -> looks.cancel(false));
    }

    @Override
    public void run() {
        long now = answered.sum();
        silent = now == before ? silent + 1 : 0;
        before = now;
        if (isReset() || silent >= MOST_SILENT_LOOKS) {
            broken.run();
        }
    }

    private boolean isReset() {
        try {
            return source instanceof EpollSocketChannel socket
                    && socket.tcpInfo().state() == CLOSED;
        } catch (ChannelException closed) {
            return true;
        }
    }
}
