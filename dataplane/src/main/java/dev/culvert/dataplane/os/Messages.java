package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An array of `struct mmsghdr`, each with one buffer, one address and room for control messages (64-bit Linux).
final class Messages {
    /// The largest UDP payload, with or without offload.
    static final int BUFFER_SIZE = 65536;

    // struct mmsghdr: msghdr of 56 bytes, then msg_len.
    private static final int SIZE = 64;
    private static final int NAME_LENGTH = 8;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int LENGTH = 56;
    // struct iovec: base, length.
    private static final int IOV_SIZE = 16;
    private static final int NAME_SIZE = 32;

    private final MemorySegment headers;
    private final MemorySegment vectors;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment buffers;

    Messages(Arena arena, int count) {
        headers = arena.allocate((long) SIZE * count, 8);
        vectors = arena.allocate((long) IOV_SIZE * count, 8);
        names = arena.allocate((long) NAME_SIZE * count, 8);
        controls = arena.allocate((long) ControlMessages.SIZE * count, 8);
        buffers = Pages.map(arena, (long) BUFFER_SIZE * count);
        for (int i = 0; i < count; i++) {
            long header = (long) SIZE * i;
            headers.set(JAVA_LONG, header, names.address() + (long) NAME_SIZE * i);
            headers.set(JAVA_LONG, header + 16, vectors.address() + (long) IOV_SIZE * i);
            headers.set(JAVA_LONG, header + 24, 1);
            vectors.set(JAVA_LONG, (long) IOV_SIZE * i, buffers.address() + (long) BUFFER_SIZE * i);
            headers.set(JAVA_LONG, header + CONTROL, controls.address() + (long) ControlMessages.SIZE * i);
        }
    }

    MemorySegment from(int index) {
        return headers.asSlice((long) SIZE * index);
    }

    MemorySegment buffers() {
        return buffers;
    }

    long buffer(int index) {
        return (long) BUFFER_SIZE * index;
    }

    MemorySegment names() {
        return names;
    }

    long name(int index) {
        return (long) NAME_SIZE * index;
    }

    MemorySegment controls() {
        return controls;
    }

    /// Where the control messages of one begin in [#controls].
    long control(int index) {
        return (long) ControlMessages.SIZE * index;
    }

    /// Bytes of control messages that were received.
    long controlLength(int index) {
        return headers.get(JAVA_LONG, (long) SIZE * index + CONTROL_LENGTH);
    }

    /// Makes ready to receive.
    void clear(int index) {
        long header = (long) SIZE * index;
        headers.set(JAVA_INT, header + NAME_LENGTH, SocketAddresses.SIZE);
        headers.set(JAVA_LONG, header + CONTROL_LENGTH, ControlMessages.SIZE);
        vectors.set(JAVA_LONG, (long) IOV_SIZE * index + 8, BUFFER_SIZE);
    }

    int received(int index) {
        return headers.get(JAVA_INT, (long) SIZE * index + LENGTH);
    }

    /// Makes ready to send `length` bytes, with control messages that stand in [#controls].
    void prepare(int index, int nameLength, int length, long controlLength) {
        long header = (long) SIZE * index;
        headers.set(JAVA_INT, header + NAME_LENGTH, nameLength);
        vectors.set(JAVA_LONG, (long) IOV_SIZE * index + 8, length);
        headers.set(JAVA_LONG, header + CONTROL_LENGTH, controlLength);
    }
}
