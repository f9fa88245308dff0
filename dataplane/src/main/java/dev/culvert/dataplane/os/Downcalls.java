package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// Functions of C, all called in one of two shapes, whatever they declare.
///
/// The JVM spins classes for each shape of call, and no cache keeps them: 10 to 20 ms of every start for each. Up to
/// six
/// integers and addresses go in registers (System V x86-64 §3.2.3, AAPCS64 §6.8.2). There a function finds an `int` in
/// the low half of a word and does not see what it has not declared. Likewise the word that comes back is good in as
/// many bits as the function declares: callers narrow it.
final class Downcalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = offsetOf("errno");
    private static final MemorySegment UNREAD = Arena.global().allocate(STATE);

    private static final FunctionDescriptor WORDS =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor SEGMENTS =
            FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG);

    private Downcalls() {}

    /// By hand: a layout path would spin nine classes for it, at every start.
    private static long offsetOf(String name) {
        long offset = 0;
        for (MemoryLayout member : STATE.memberLayouts()) {
            if (member.name().equals(Optional.of(name))) {
                return offset;
            }
            offset += member.byteSize();
        }
        throw new IllegalStateException("the JDK captures no " + name);
    }

    /// A function of six words at most: a handle of `long (MemorySegment state, long, long, long, long, long, long)`.
    ///
    /// @throws java.util.NoSuchElementException if the library has none of that name
    static MethodHandle words(SymbolLookup library, String name) {
        return LINKER.downcallHandle(library.findOrThrow(name), WORDS, ERRNO);
    }

    /// A function of about a microsecond, which holds the garbage collector up and so may work on heap arrays: a handle
    /// of `long (MemorySegment, MemorySegment, MemorySegment, MemorySegment, long, long)`.
    ///
    /// @throws java.util.NoSuchElementException if the library has none of that name
    static MethodHandle segments(SymbolLookup library, String name) {
        return LINKER.downcallHandle(library.findOrThrow(name), SEGMENTS, Linker.Option.critical(true));
    }

    /// A function that moves bytes of a descriptor to or from a heap array without waiting: a handle of
    /// `long (MemorySegment state, long, MemorySegment, long)`. It holds the garbage collector up while the
    /// kernel copies 64 KiB. A shape of its own: made only where it is used.
    static MethodHandle transfer(String name) {
        FunctionDescriptor shape = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), shape, ERRNO, Linker.Option.critical(true));
    }

    /// What a handle of [#words] takes first and puts `errno` into.
    static StructLayout stateLayout() {
        return STATE;
    }

    static int errno(MemorySegment state) {
        return state.get(JAVA_INT, ERRNO_OFFSET);
    }

    /// Calls a handle of [#words]; for functions that are not called for each packet.
    static long call(MethodHandle function, MemorySegment state, long a, long b, long c, long d, long e) {
        try {
            return (long) function.invokeExact(state, a, b, c, d, e, 0L);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /// The same for functions that set no `errno`: all threads leave what stands there in one place, which nobody
    /// reads.
    static long call(MethodHandle function, long a, long b, long c, long d, long e) {
        return call(function, UNREAD, a, b, c, d, e);
    }

    static IllegalStateException unexpected(Throwable t) {
        return new IllegalStateException("a call into a C library failed in the JVM", t);
    }
}
