package dev.culvert.dataplane.tcp;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a loop looks at every few seconds.
///
/// A timer of its own for each would cost a short connection more than its bytes do: most leave before the first
/// look, and to join and to leave is to change two links. On the loop alone.
public final class Rounds {
    /// From one look to the next.
    public static final int SECONDS = 3;

    private static final FastThreadLocal<Rounds> OF_LOOP = new FastThreadLocal<>() {
        @Override
        protected Rounds initialValue() {
            return new Rounds();
        }
    };

    private @Nullable Stop first;
    // Whose turn is next while the round is under way: who leaves meanwhile must not be what it goes on from.
    private @Nullable Stop next;
    private boolean scheduled;

    private Rounds() {}

    /// One that is looked at while it is on the round.
    public abstract static class Stop {
        private @Nullable Rounds round;
        private @Nullable Stop before;
        private @Nullable Stop after;

        /// Called every [#SECONDS], the first time after that or sooner.
        protected abstract void look();

        /// Joins the round of this loop, on which it is called; only who is on none.
        protected final void join(EventLoop loop) {
            Rounds rounds = OF_LOOP.get();
            round = rounds;
            Stop second = rounds.first;
            after = second;
            if (second != null) {
                second.before = this;
            }
            rounds.first = this;
            rounds.schedule(loop);
        }

        /// Leaves it, if it is on one.
        protected final void leave() {
            Rounds rounds = round;
            if (rounds == null) {
                return;
            }
            round = null;
            Stop left = before;
            Stop right = after;
            if (equals(rounds.next)) {
                rounds.next = right;
            }
            if (left == null) {
                rounds.first = right;
            } else {
                left.after = right;
            }
            if (right != null) {
                right.before = left;
            }
            before = null;
            after = null;
        }
    }

    private void schedule(EventLoop loop) {
        if (!scheduled) {
            scheduled = true;
            loop.schedule(() -> go(loop), SECONDS, TimeUnit.SECONDS);
        }
    }

    private void go(EventLoop loop) {
        scheduled = false;
        next = first;
        Stop current = next;
        try {
            while (current != null) {
                next = current.after;
                current.look();
                current = next;
            }
        } finally {
            if (first != null) {
                schedule(loop);
            }
        }
    }
}
