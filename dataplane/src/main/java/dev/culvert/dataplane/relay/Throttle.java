package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.tunnel.StackChannel;
import dev.culvert.model.decide.Allowance;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Keeps one direction of a relay to its allowance: what has been read goes on piece by piece, and while one waits
/// nothing more is read, so that the rest waits at its sender. One per direction, on its loop.
///
/// Only a sender that ends brings more than a piece at once, namely what the kernel still has of it (see [EarlyBytes]);
/// that waits here.
final class Throttle {
    private final Allowance allowance;
    private final boolean inward;
    private final Consumer<ByteBuf> onward;
    private final Runnable rested;
    private final Deque<ByteBuf> held = new ArrayDeque<>(4);
    private boolean pausing;

    /// @param inward whether it carries what the visitor sends
    /// @param onward takes each piece when it may go on
    /// @param rested told when a pause is over and all that was held has gone on
    Throttle(Allowance allowance, boolean inward, Consumer<ByteBuf> onward, Runnable rested) {
        this.allowance = allowance;
        this.inward = inward;
        this.onward = onward;
        this.rested = rested;
    }

    /// Makes a channel read in steps that suit the rate.
    void prepare(Channel source) {
        if (source instanceof StackChannel inside) {
            inside.longestRead(allowance.step());
            return;
        }
        source.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(allowance.step()).maxMessagesPerRead(1));
    }

    void add(ByteBuf bytes, EventExecutor loop) {
        held.addLast(bytes);
        drain(loop);
    }

    private void drain(EventExecutor loop) {
        while (!pausing && !held.isEmpty()) {
            ByteBuf next = held.removeFirst();
            int length = next.readableBytes();
            onward.accept(next);
            long now = System.nanoTime();
            long pause = inward ? allowance.inward(length, now) : allowance.outward(length, now);
            if (pause > 0) {
                pausing = true;
                loop.schedule(() -> goOn(loop), pause, TimeUnit.NANOSECONDS);
            }
        }
    }

    private void goOn(EventExecutor loop) {
        pausing = false;
        drain(loop);
        if (!pausing) {
            rested.run();
        }
    }

    /// Whether nothing shall be read now, and an end has to wait.
    boolean isPausing() {
        return pausing;
    }

    /// Throws away what it holds: its sink is gone.
    void release() {
        while (!held.isEmpty()) {
            held.removeFirst().release();
        }
    }
}
