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
    // CMSG_SPACE(sizeof(int)): one, of the size of joined datagrams.
    private static final int ONE_CONTROL = 24;
    // CMSG_LEN(sizeof(int)), CMSG_LEN(sizeof(u16))
    private static final int CONTROL_INT_LENGTH = 20;
    private static final int CONTROL_SHORT_LENGTH = 18;

    private final MemorySegment headers;
    private final MemorySegment vectors;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment buffers;
    private final int controlSize;

    /// With room for one control message of an `int`.
    Messages(Arena arena, int count) {
        this(arena, count, ONE_CONTROL);
    }

    /// @param controlSize bytes for control messages, a multiple of 8
    Messages(Arena arena, int count, int controlSize) {
        this.controlSize = controlSize;
        headers = arena.allocate((long) SIZE * count, 8);
        vectors = arena.allocate((long) IOV_SIZE * count, 8);
        names = arena.allocate((long) NAME_SIZE * count, 8);
        controls = arena.allocate((long) controlSize * count, 8);
        buffers = arena.allocate((long) BUFFER_SIZE * count, 64);
        for (int i = 0; i < count; i++) {
            long header = (long) SIZE * i;
            headers.set(JAVA_LONG, header, names.address() + (long) NAME_SIZE * i);
            headers.set(JAVA_LONG, header + 16, vectors.address() + (long) IOV_SIZE * i);
            headers.set(JAVA_LONG, header + 24, 1);
            vectors.set(JAVA_LONG, (long) IOV_SIZE * i, buffers.address() + (long) BUFFER_SIZE * i);
            headers.set(JAVA_LONG, header + CONTROL, controls.address() + (long) controlSize * i);
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
        return (long) controlSize * index;
    }

    /// Bytes of control messages that were received.
    long controlLength(int index) {
        return headers.get(JAVA_LONG, (long) SIZE * index + CONTROL_LENGTH);
    }

    /// Makes ready to receive.
    void clear(int index) {
        long header = (long) SIZE * index;
        headers.set(JAVA_INT, header + NAME_LENGTH, SocketAddresses.SIZE);
        headers.set(JAVA_LONG, header + CONTROL_LENGTH, controlSize);
        vectors.set(JAVA_LONG, (long) IOV_SIZE * index + 8, BUFFER_SIZE);
    }

    int received(int index) {
        return headers.get(JAVA_INT, (long) SIZE * index + LENGTH);
    }

    /// The size of each datagram of which the kernel has joined several, or `otherwise`.
    int segmentSize(int index, int otherwise) {
        if (controlLength(index) < CONTROL_INT_LENGTH) {
            return otherwise;
        }
        long control = control(index);
        boolean gro = controls.get(JAVA_INT, control + 8) == Libc.SOL_UDP
                && controls.get(JAVA_INT, control + 12) == Libc.UDP_GRO;
        int size = gro ? controls.get(JAVA_INT, control + 16) : otherwise;
        return size > 0 ? size : otherwise;
    }

    /// Makes ready to send `length` bytes; `segmentSize` 0 means that they are one datagram.
    void prepare(int index, int nameLength, int length, int segmentSize) {
        if (segmentSize == 0) {
            prepareWith(index, nameLength, length, 0);
            return;
        }
        long control = control(index);
        controls.set(JAVA_LONG, control, CONTROL_SHORT_LENGTH);
        controls.set(JAVA_INT, control + 8, Libc.SOL_UDP);
        controls.set(JAVA_INT, control + 12, Libc.UDP_SEGMENT);
        controls.set(JAVA_INT, control + 16, segmentSize);
        prepareWith(index, nameLength, length, ONE_CONTROL);
    }

    /// The same with control messages that stand in [#controls] already.
    void prepareWith(int index, int nameLength, int length, long controlLength) {
        long header = (long) SIZE * index;
        headers.set(JAVA_INT, header + NAME_LENGTH, nameLength);
        vectors.set(JAVA_LONG, (long) IOV_SIZE * index + 8, length);
        headers.set(JAVA_LONG, header + CONTROL_LENGTH, controlLength);
    }
}
