package dev.culvert.dataplane.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How long the machine has slept: Linux has a clock that counts that time and one that does not, which is the
/// JVM's.
public final class Sleep {
    // linux/time.h
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_BOOTTIME = 7;
    private static final boolean LINUX = System.getProperty("os.name", "").equals("Linux");

    private Sleep() {}

    /// Nanoseconds of suspend since the machine started, up to a little error of reading two clocks one after
    /// the other; 0 where no clock tells.
    public static long nanos() {
        if (!LINUX) {
            return 0;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.stateLayout());
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            long boot = read(errno, CLOCK_BOOTTIME, time);
            long awake = read(errno, CLOCK_MONOTONIC, time);
            return boot < 0 || awake < 0 ? 0 : Math.max(0, boot - awake);
        }
    }

    private static long read(MemorySegment errno, int clock, MemorySegment time) {
        if (Libc.clockGettime(errno, clock, time) != 0) {
            return -1;
        }
        return time.getAtIndex(ValueLayout.JAVA_LONG, 0) * 1_000_000_000L + time.getAtIndex(ValueLayout.JAVA_LONG, 1);
    }
}
