package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.os.Pipe;
import dev.culvert.dataplane.os.Pipes;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// What all splicing relays of a process share: the pipes of each loop, their bound, and what is counted.
public final class Splices {
    /// How much a connection carries in one direction until it is worth its change of hands: short ones never are.
    static final long LONG = 256 << 10;

    /// In how many reads at most: a splice of a small message costs more than its copy.
    static final int READS = 64;

    private final LongAdder connections = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder copied = new LongAdder();
    private final FastThreadLocal<Pipes> pipes = new FastThreadLocal<>() {
        @Override
        protected Pipes initialValue() {
            return new Pipes(budget());
        }

        @Override
        protected void onRemoval(Pipes ended) {
            ended.close();
        }
    };
    private Pipes.@Nullable Budget budget;

    /// What has been spliced since the start.
    ///
    /// @param connections that were long enough
    /// @param bytes that went through a pipe
    /// @param copiedBytes of the same connections that were copied, as no pipe was to be had
    public record Count(long connections, long bytes, long copiedBytes) {}

    /// Bounded by what this machine allows, which is looked up for the first long connection.
    public Splices() {}

    /// @param budget what pipes may hold in all
    Splices(Pipes.Budget budget) {
        this.budget = budget;
    }

    private synchronized Pipes.Budget budget() {
        Pipes.Budget known = budget;
        if (known == null) {
            known = Pipes.Budget.ofThisMachine();
            budget = known;
        }
        return known;
    }

    public Count count() {
        return new Count(connections.sum(), bytes.sum(), copied.sum());
    }

    void began() {
        connections.increment();
    }

    void spliced(long count) {
        bytes.add(count);
    }

    void copied(long count) {
        copied.add(count);
    }

    /// An empty pipe of the loop that asks; null if there is none to be had.
    @Nullable
    Pipe take() {
        return pipes.get().take();
    }

    void give(Pipe pipe) {
        pipes.get().give(pipe);
    }
}
