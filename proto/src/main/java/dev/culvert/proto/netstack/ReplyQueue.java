package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// Packets that belong to no socket and wait to be sent: RSTs, echo messages, ICMP errors. Bounded; arrays are
/// kept and used again.
final class ReplyQueue {
    private static final int SLOTS = 64;

    private final byte[] @Nullable [] slots = new byte[SLOTS][];
    private final int[] lengths = new int[SLOTS];
    private int head;
    private int size;

    /// An array to write a packet of `length` bytes to, from 0 on; null if the queue is full. The packet counts
    /// as queued.
    byte @Nullable [] add(int length) {
        if (size == SLOTS) {
            return null;
        }
        int slot = (head + size) % SLOTS;
        byte[] bytes = slots[slot];
        if (bytes == null || bytes.length < length) {
            bytes = new byte[length];
            slots[slot] = bytes;
        }
        lengths[slot] = length;
        size++;
        return bytes;
    }

    /// The packet added last is only so long.
    void length(int length) {
        lengths[(head + size - 1) % SLOTS] = length;
    }

    /// Copies the oldest packet out; returns its length, or 0 if there is none.
    int poll(byte[] out, int offset) {
        byte[] bytes = slots[head];
        if (size == 0 || bytes == null) {
            return 0;
        }
        int length = lengths[head];
        System.arraycopy(bytes, 0, out, offset, length);
        head = (head + 1) % SLOTS;
        size--;
        return length;
    }
}
