package dev.culvert.dataplane.os;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// A pipe of the kernel's, through which splice(2) takes bytes from one socket to another without a copy of them in
/// this
/// process. Made by [Pipes]; on the loop of that pool.
public final class Pipe {
    /// In place of a count of bytes: nothing now, epoll will tell.
    public static final long LATER = -1;
    /// In place of a count of bytes: the socket was reset, or cannot be spliced.
    public static final long BROKEN = -2;

    // SPLICE_F_MOVE, SPLICE_F_NONBLOCK of linux/splice.h. Not SPLICE_F_MORE: with it the end of a burst would wait.
    private static final long FLAGS = 1 | 2;

    private static final MethodHandle SPLICE = Libc.function("splice");

    private final MemorySegment errno;
    private final int out;
    private final int in;
    private final long capacity;
    private long held;

    Pipe(MemorySegment errno, int out, int in, long capacity) {
        this.errno = errno;
        this.out = out;
        this.in = in;
        this.capacity = capacity;
    }

    /// Takes at most `most` bytes from a socket; best into an empty pipe, for a full one looks like a silent socket.
    ///
    /// @return how many, 0 at the end of the stream, [#LATER] or [#BROKEN]
    public long fill(int socket, long most) {
        long moved = move(socket, in, Math.min(most, capacity));
        held += Math.max(0, moved);
        return moved;
    }

    /// Gives a socket what it takes now.
    ///
    /// @return how many bytes, [#LATER] or [#BROKEN]
    public long drain(int socket) {
        long moved = move(out, socket, held);
        held -= Math.max(0, moved);
        return moved;
    }

    private long move(int from, int to, long most) {
        while (true) {
            long moved;
            try {
                moved = (long) SPLICE.invokeExact(errno, (long) from, 0L, (long) to, 0L, most, FLAGS);
            } catch (Throwable t) {
                throw Downcalls.unexpected(t);
            }
            if (moved >= 0) {
                return moved;
            }
            int error = Libc.errno(errno);
            if (error != Libc.EINTR) {
                return error == Libc.EAGAIN ? LATER : BROKEN;
            }
        }
    }

    public boolean isEmpty() {
        return held == 0;
    }

    long capacity() {
        return capacity;
    }

    void close() {
        Libc.close(errno, in);
        Libc.close(errno, out);
    }
}
