package dev.culvert.dataplane.tunnel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The ciphers of a tunnel's batches, on more than one core: the loop that owns the batch, and helpers beside it.
///
/// A batch is shared out by the packet, so that one stream of one peer is as parallel as many. Order is not the crew's
/// matter: the loop completes jobs itself, when all of them have run. A helper that has nothing to do looks out for
/// the next batch for a moment and then sleeps; where the system gives a helper no core in time, so that the loop has
/// to wait for what it holds, all of them rest for a while. Owned by one loop, which alone calls it.
final class CipherCrew implements AutoCloseable {
    /// As many as are worth while: what the loop does for each packet itself is more than the cipher.
    private static final int MOST = 3;

    /// On two cores the other one is needed by the kernel's part of the way and by who is served: with both ends of a
    /// tunnel on two cores, helpers took a fifth of its throughput.
    private static final int OTHERS = 2;

    /// Below, the call that wakes a helper costs more than it takes over.
    static final int WORTH_WHILE = 32;

    // Jobs that are claimed at once: some microseconds.
    private static final int CLAIM = 4;

    private static final long LOOKS_OUT = 100_000L;
    private static final long NAP = 10_000L;
    private static final long TOO_LONG = 500_000L;
    private static final long REST = 100_000_000L;

    // A ticket is the batch's number, how many jobs it has, and how many of them are claimed.
    private static final int COUNT_SHIFT = 16;
    private static final int BATCH_SHIFT = 32;
    private static final long MASK = 0xffff;

    private final AtomicLong ticket = new AtomicLong();
    private final AtomicInteger done = new AtomicInteger();
    private final int wanted;
    private final List<Member> members = new ArrayList<>();
    private Runnable[] jobs = new Runnable[0];
    private long batch;
    private long restsUntil;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /// @param helpers threads beside the loop's own; they start when there is work for them
    CipherCrew(int helpers) {
        wanted = helpers;
    }

    /// None on up to two cores, then one for each further one; the property `culvert.cipherHelpers` says otherwise.
    static CipherCrew ofThisMachine() {
        int further = Math.clamp(Runtime.getRuntime().availableProcessors() - OTHERS, 0, MOST);
        return new CipherCrew(Integer.getInteger("culvert.cipherHelpers", further));
    }

    /// Whether batches are worth gathering.
    boolean hasHelpers() {
        return wanted > 0;
    }

    /// Runs the first `count` jobs and returns when all of them have run.
    ///
    /// @param jobs at most 65,535
    /// @throws RuntimeException what a job has thrown, when all others have run
    void run(Runnable[] jobs, int count) {
        if (count < WORTH_WHILE || !mayHelp()) {
            for (int i = 0; i < count; i++) {
                jobs[i].run();
            }
            return;
        }
        this.jobs = jobs;
        failure = null;
        done.set(0);
        batch++;
        ticket.set(batch << BATCH_SHIFT | (long) count << COUNT_SHIFT);
        for (Member member : members) {
            member.wake();
        }
        work();
        if (done.get() < count) {
            await(count);
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw new IllegalStateException("a cipher failed", thrown);
        }
    }

    /// Whether helpers were late and have not been asked since.
    boolean rests() {
        return restsUntil != 0;
    }

    @Override
    public void close() {
        closed = true;
        for (Member member : members) {
            LockSupport.unpark(member.thread);
        }
    }

    private boolean mayHelp() {
        if (wanted == 0 || closed || (restsUntil != 0 && System.nanoTime() - restsUntil < 0)) {
            return false;
        }
        restsUntil = 0;
        while (members.size() < wanted) {
            members.add(new Member(members.size() + 1));
        }
        return true;
    }

    /// Claims and runs jobs of the present batch until none is left.
    private void work() {
        while (true) {
            long before = ticket.get();
            int claimed = (int) (before & MASK);
            int count = (int) (before >>> COUNT_SHIFT & MASK);
            if (claimed >= count) {
                return;
            }
            int end = Math.min(count, claimed + CLAIM);
            // While the ticket is as it was, the batch is: its owner goes on only when every claimed job is done.
            if (ticket.compareAndSet(before, before + end - claimed)) {
                run(claimed, end);
            }
        }
    }

    private void run(int from, int to) {
        Runnable[] current = jobs;
        for (int i = from; i < to; i++) {
            try {
                current[i].run();
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }
        done.addAndGet(to - from);
    }

    private void await(int count) {
        long began = System.nanoTime();
        long waited = 0;
        while (done.get() < count) {
            if (waited > LOOKS_OUT) {
                // Whoever holds the rest may need this very core.
                LockSupport.parkNanos(NAP);
            } else {
                Thread.onSpinWait();
            }
            waited = System.nanoTime() - began;
        }
        if (waited > TOO_LONG) {
            restsUntil = began + waited + REST;
        }
    }

    private final class Member implements Runnable {
        private final Thread thread;
        private volatile boolean asleep;

        Member(int number) {
            thread = Thread.ofPlatform().daemon().name("cipher-" + number).start(this);
        }

        void wake() {
            if (asleep) {
                asleep = false;
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void run() {
            long idleSince = System.nanoTime();
            while (!closed) {
                if (hasWork()) {
                    work();
                    idleSince = System.nanoTime();
                } else if (System.nanoTime() - idleSince < LOOKS_OUT) {
                    Thread.onSpinWait();
                } else {
                    sleep();
                    idleSince = System.nanoTime();
                }
            }
        }

        private void sleep() {
            asleep = true;
            // A batch that began before the word was set has woken nobody.
            while (asleep && !closed && !hasWork()) {
                LockSupport.park(this);
            }
            asleep = false;
        }

        private boolean hasWork() {
            long now = ticket.get();
            return (now & MASK) < (now >>> COUNT_SHIFT & MASK);
        }
    }
}
