package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.tcp.Rounds;
import dev.culvert.dataplane.tcp.TcpInfo;
import io.netty.channel.Channel;
import java.util.concurrent.atomic.LongAdder;

/// Looks after a channel whose input has ended (attacks.md TC-04): nobody reads from it any more, so a reset behind the
/// end would be noticed by the next write alone, which may never come. On its loop.
final class HalfClosed extends Rounds.Stop {
    // What a question that has ended waits for without a byte of its answer: no job takes as long, but harm does.
    private static final int MOST_SILENT_LOOKS = 1_800 / Rounds.SECONDS;

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
        watch.join(source.eventLoop());
        source.closeFuture().addListener(_ -> watch.leave());
    }

    @Override
    protected void look() {
        long now = answered.sum();
        silent = now == before ? silent + 1 : 0;
        before = now;
        if (isReset() || silent >= MOST_SILENT_LOOKS) {
            broken.run();
        }
    }

    private boolean isReset() {
        TcpInfo known = TcpInfo.of(source);
        return known != null && known.isClosed();
    }
}
