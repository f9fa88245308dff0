package dev.culvert.dataplane.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RoundsTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final EventLoop loop = channel.eventLoop();
    private final List<String> looks = new ArrayList<>();

    private final class Named extends Rounds.Stop {
        private final String name;
        private @Nullable Named takesAlong;

        Named(String name) {
            this.name = name;
            join(loop);
        }

        void end() {
            leave();
        }

        @Override
        protected void look() {
            looks.add(name);
            Named other = takesAlong;
            if (other != null) {
                other.leave();
            }
        }
    }

    private List<String> round() {
        looks.clear();
        channel.advanceTimeBy(Rounds.SECONDS, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        return looks;
    }

    @Test
    void look_isEachRound_untilOneLeaves() {
        Named a = new Named("a");
        Named b = new Named("b");
        Named c = new Named("c");
        assertThat(round()).containsExactlyInAnyOrder("a", "b", "c");
        b.end();
        b.end();
        assertThat(round()).containsExactlyInAnyOrder("a", "c");
        c.end();
        assertThat(round()).containsExactly("a");
        a.end();
        assertThat(round()).isEmpty();
        // Nobody is there: the loop is left alone.
        assertThat(channel.hasPendingTasks()).isFalse();
        Named again = new Named("again");
        assertThat(round()).containsExactly("again");
        again.end();
        // The thread is the next test's loop, too.
        assertThat(round()).isEmpty();
    }

    @Test
    void look_ofOneThatMakesOthersLeave_goesOnWithTheRest() {
        Named last = new Named("last");
        Named neighbour = new Named("neighbour");
        Named first = new Named("first");
        first.takesAlong = neighbour;
        last.takesAlong = last;
        assertThat(round()).containsExactly("first", "last");
        assertThat(round()).containsExactly("first");
        first.takesAlong = first;
        assertThat(round()).containsExactly("first");
        assertThat(round()).isEmpty();
    }
}
