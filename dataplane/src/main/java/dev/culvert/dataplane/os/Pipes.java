package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The pipes of one loop, each lent for as long as bytes are under way in it. A few rest here for the next turn.
///
/// What a user's pipes hold in all is bounded by the kernel (pipe(7), `pipe-user-pages-soft`): beyond, a new one has
/// two
/// pages, and none grows. All loops together stay well below it, by a [Budget].
public final class Pipes {
    private static final Path SOFT_LIMIT = Path.of("/proc/sys/fs/pipe-user-pages-soft");
    private static final Path LARGEST = Path.of("/proc/sys/fs/pipe-max-size");
    // The smallest page there is: where they are larger, the bound is only the safer.
    private static final long PAGE = 4096;
    private static final long WANTED = 1 << 20;
    // With less a copy is as fast.
    private static final long LEAST = 1 << 16;
    private static final long MOST_IN_ALL = 32 << 20;
    private static final int RESTING = 8;
    private static final long REFUSED_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    // linux/fcntl.h, the same on x86-64 and aarch64.
    private static final int O_NONBLOCK_CLOEXEC = 0x800 | 0x80000;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;

    private static final MethodHandle PIPE2 = Libc.function("pipe2");
    private static final MethodHandle FCNTL = Libc.function("fcntl");

    private final Budget budget;
    private final MemorySegment errno = Arena.ofAuto().allocate(Libc.stateLayout());
    private final MemorySegment ends = Arena.ofAuto().allocate(JAVA_INT, 2);
    private final Pipe[] resting = new Pipe[RESTING];
    private int rested;
    private boolean refused;
    private long refusedAt;

    /// How many bytes the pipes of all loops may hold together.
    public static final class Budget {
        private final long size;
        private final long total;
        private final AtomicLong left;

        /// @param size of one pipe in bytes
        /// @param total of all pipes in bytes
        public Budget(long size, long total) {
            this.size = size;
            this.total = total;
            this.left = new AtomicLong(total);
        }

        /// Half of what the kernel lets the pipes of one user hold, 32 MiB at most, in pipes of 1 MiB.
        public static Budget ofThisMachine() {
            long pages = number(SOFT_LIMIT);
            // 0 stands for no limit.
            long total = pages <= 0 ? MOST_IN_ALL : Math.min(MOST_IN_ALL, pages * PAGE / 2);
            long largest = number(LARGEST);
            return new Budget(largest <= 0 ? LEAST : Math.min(WANTED, largest), total);
        }

        private static long number(Path file) {
            // The kernel gives such a file to the first read of it and nothing to a second one, so that has to be a
            // large one; Files.readString begins with a byte.
            try (BufferedReader lines = Files.newBufferedReader(file)) {
                return Long.parseLong(String.valueOf(lines.readLine()));
            } catch (IOException | NumberFormatException unknown) {
                return 0;
            }
        }

        /// Bytes of one pipe.
        long size() {
            return size;
        }

        /// Bytes that pipes may still be made of.
        long left() {
            return left.get();
        }

        private boolean reserve() {
            if (left.addAndGet(-size) >= 0) {
                return true;
            }
            left.addAndGet(size);
            return false;
        }

        private void free() {
            left.addAndGet(size);
        }

        /// Whether a loop may keep one that it does not use: what rests here is not to be had there.
        private boolean isAmple() {
            return left.get() >= total / 2;
        }
    }

    public Pipes(Budget budget) {
        this.budget = budget;
    }

    /// An empty pipe; null if there is none to be had now.
    public @Nullable Pipe take() {
        if (rested > 0) {
            return resting[--rested];
        }
        // Who was refused by the kernel is not asked again in every turn.
        if (refused && System.nanoTime() - refusedAt < REFUSED_NANOS) {
            return null;
        }
        if (!budget.reserve()) {
            return null;
        }
        Pipe opened = open();
        refused = opened == null;
        if (opened == null) {
            refusedAt = System.nanoTime();
            budget.free();
        }
        return opened;
    }

    private @Nullable Pipe open() {
        if (Downcalls.call(PIPE2, errno, ends.address(), O_NONBLOCK_CLOEXEC, 0, 0, 0) < 0) {
            return null;
        }
        int out = ends.getAtIndex(JAVA_INT, 0);
        int in = ends.getAtIndex(JAVA_INT, 1);
        // Refused where the user's other pipes have used up the limit; what it has without asking may do.
        int capacity = (int) Downcalls.call(FCNTL, errno, in, F_SETPIPE_SZ, budget.size, 0, 0);
        if (capacity < 0) {
            capacity = (int) Downcalls.call(FCNTL, errno, in, F_GETPIPE_SZ, 0, 0, 0);
        }
        Pipe pipe = new Pipe(errno, out, in, capacity);
        if (capacity < LEAST) {
            pipe.close();
            return null;
        }
        return pipe;
    }

    /// Takes a pipe back; one that is not empty is closed, with what is in it.
    public void give(Pipe pipe) {
        if (pipe.isEmpty() && rested < RESTING && budget.isAmple()) {
            resting[rested++] = pipe;
        } else {
            pipe.close();
            budget.free();
        }
    }

    /// Closes those that rest.
    public void close() {
        while (rested > 0) {
            resting[--rested].close();
            budget.free();
        }
    }
}
