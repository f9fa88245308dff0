package dev.culvert.dataplane.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Memory that the kernel provides page by page, when somebody first writes there. An arena's own is overwritten with
/// zeros as it is made, so that buffers for the largest batch are there from the first small one on.
final class Pages {
    // sys/mman.h; the same on x86-64 and aarch64.
    private static final long PROT_READ_WRITE = 3;
    private static final long MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final long MAP_FAILED = -1;

    private static final MethodHandle MMAP = Libc.function("mmap");
    private static final MethodHandle MUNMAP = Libc.function("munmap");

    private Pages() {}

    /// Zeros, for as long as the arena lives.
    ///
    /// @throws OutOfMemoryError if the kernel has no addresses for it
    static MemorySegment map(Arena arena, long size) {
        MemorySegment state = arena.allocate(Downcalls.stateLayout());
        try {
            long address = (long) MMAP.invokeExact(state, 0L, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1L, 0L);
            if (address == MAP_FAILED) {
                throw new OutOfMemoryError("mmap of " + size + " bytes, errno " + Downcalls.errno(state));
            }
            return MemorySegment.ofAddress(address).reinterpret(size, arena, Pages::unmap);
        } catch (OutOfMemoryError e) {
            throw e;
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    private static void unmap(MemorySegment pages) {
        try (Arena brief = Arena.ofConfined()) {
            MemorySegment state = brief.allocate(Downcalls.stateLayout());
            Downcalls.call(MUNMAP, state, pages.address(), pages.byteSize(), 0, 0, 0);
        }
    }
}
