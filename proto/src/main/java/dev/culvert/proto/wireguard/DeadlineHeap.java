package dev.culvert.proto.wireguard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The peers with a timer set, the earliest first: a binary heap in which each knows its place.
final class DeadlineHeap {
    private @Nullable PeerTimers[] heap = new @Nullable PeerTimers[16];
    private int size;

    @Nullable
    PeerTimers first() {
        return heap[0];
    }

    /// [PeerTimers#OFF] if no timer is set.
    long earliest() {
        PeerTimers first = heap[0];
        return first == null ? PeerTimers.OFF : first.bound;
    }

    void update(PeerTimers timers, long bound) {
        if (bound == PeerTimers.OFF) {
            remove(timers);
            return;
        }
        timers.bound = bound;
        if (timers.heapIndex < 0) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, 2 * size);
            }
            place(timers, size++);
        }
        settle(timers);
    }

    void remove(PeerTimers timers) {
        int hole = timers.heapIndex;
        timers.bound = PeerTimers.OFF;
        if (hole < 0) {
            return;
        }
        timers.heapIndex = -1;
        PeerTimers moved = at(--size);
        heap[size] = null;
        if (moved != timers) {
            place(moved, hole);
            settle(moved);
        }
    }

    private void settle(PeerTimers timers) {
        int i = timers.heapIndex;
        while (i > 0 && timers.bound < at((i - 1) / 2).bound) {
            place(at((i - 1) / 2), i);
            i = (i - 1) / 2;
        }
        for (int child = smallerChild(i); child < size && at(child).bound < timers.bound; child = smallerChild(i)) {
            place(at(child), i);
            i = child;
        }
        place(timers, i);
    }

    private int smallerChild(int i) {
        int left = 2 * i + 1;
        return left + 1 < size && at(left + 1).bound < at(left).bound ? left + 1 : left;
    }

    private void place(PeerTimers timers, int i) {
        heap[i] = timers;
        timers.heapIndex = i;
    }

    private PeerTimers at(int i) {
        PeerTimers timers = heap[i];
        if (timers == null) {
            throw new IllegalStateException("hole in the heap at " + i);
        }
        return timers;
    }
}
