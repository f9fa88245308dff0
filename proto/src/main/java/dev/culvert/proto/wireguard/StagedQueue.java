package dev.culvert.proto.wireguard;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Packets to one peer that wait for a session: at most 128, and 1024 in the whole device; the oldest goes first.
final class StagedQueue {
    private final ArrayDeque<byte[]> packets = new ArrayDeque<>();
    private final Budget budget;
    private final Drops drops;

    StagedQueue(Budget budget, Drops drops) {
        this.budget = budget;
        this.drops = drops;
    }

    /// Copies the packet.
    void add(byte[] buffer, int offset, int length) {
        if (budget.used >= Protocol.MAX_STAGED_PACKETS_OF_DEVICE || packets.size() >= Protocol.MAX_STAGED_PACKETS) {
            drops.count(Drop.STAGED_OVERFLOW, 1);
            if (poll() == null) {
                return;
            }
        }
        byte[] packet = new byte[length];
        System.arraycopy(buffer, offset, packet, 0, length);
        packets.addLast(packet);
        budget.used++;
    }

    byte @Nullable [] poll() {
        byte[] packet = packets.pollFirst();
        if (packet != null) {
            budget.used--;
        }
        return packet;
    }

    boolean isEmpty() {
        return packets.isEmpty();
    }

    /// Gives the packets up.
    void flush() {
        drops.count(Drop.STAGED_EXPIRED, packets.size());
        budget.used -= packets.size();
        packets.clear();
    }

    /// How many packets all queues of a device hold.
    static final class Budget {
        int used;
    }
}
