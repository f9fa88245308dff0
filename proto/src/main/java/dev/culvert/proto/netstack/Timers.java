package dev.culvert.proto.netstack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The next deadline among all sockets: a binary heap that is repaired lazily.
///
/// A deadline that moves later, as the retransmission timer does with every acknowledgment, costs nothing: the
/// entry keeps its old key and is put right when it reaches the top.
final class Timers {
    static final long NEVER = Long.MAX_VALUE;

    private @Nullable TcpSocket[] heap = new TcpSocket[16];
    private long[] keys = new long[16];
    private int size;

    /// Makes sure that the socket is found at its current deadline at the latest.
    void update(TcpSocket socket) {
        long deadline = socket.deadline();
        int index = socket.timerIndex;
        if (index < 0) {
            if (deadline != NEVER) {
                insert(socket, deadline);
            }
        } else if (deadline < keys[index]) {
            keys[index] = deadline;
            siftUp(index);
        }
    }

    void remove(TcpSocket socket) {
        int index = socket.timerIndex;
        if (index < 0) {
            return;
        }
        socket.timerIndex = -1;
        size--;
        TcpSocket last = heap[size];
        heap[size] = null;
        if (index < size && last != null) {
            put(index, last, keys[size]);
            siftUp(index);
            siftDown(last.timerIndex);
        }
    }

    /// The earliest deadline, exactly; [#NEVER] if there is none.
    long next() {
        while (size > 0) {
            TcpSocket first = top();
            long deadline = first.deadline();
            if (deadline <= keys[0]) {
                return keys[0];
            }
            rekey(first, deadline);
        }
        return NEVER;
    }

    /// A socket whose deadline has come, taken out of the heap, or null.
    @Nullable
    TcpSocket pollExpired(long now) {
        if (next() > now) {
            return null;
        }
        TcpSocket first = top();
        remove(first);
        return first;
    }

    private TcpSocket top() {
        TcpSocket first = heap[0];
        if (first == null) {
            throw new IllegalStateException("empty heap");
        }
        return first;
    }

    private void rekey(TcpSocket first, long deadline) {
        if (deadline == NEVER) {
            remove(first);
        } else {
            keys[0] = deadline;
            siftDown(0);
        }
    }

    private void insert(TcpSocket socket, long key) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
            keys = Arrays.copyOf(keys, size * 2);
        }
        put(size, socket, key);
        size++;
        siftUp(size - 1);
    }

    private void put(int index, TcpSocket socket, long key) {
        heap[index] = socket;
        keys[index] = key;
        socket.timerIndex = index;
    }

    private void siftUp(int from) {
        int index = from;
        while (index > 0 && keys[index] < keys[(index - 1) / 2]) {
            swap(index, (index - 1) / 2);
            index = (index - 1) / 2;
        }
    }

    private void siftDown(int from) {
        int index = from;
        while (true) {
            int child = 2 * index + 1;
            if (child >= size) {
                return;
            }
            if (child + 1 < size && keys[child + 1] < keys[child]) {
                child++;
            }
            if (keys[index] <= keys[child]) {
                return;
            }
            swap(index, child);
            index = child;
        }
    }

    private void swap(int a, int b) {
        TcpSocket one = heap[a];
        TcpSocket other = heap[b];
        if (one != null && other != null) {
            long key = keys[a];
            put(a, other, keys[b]);
            put(b, one, key);
        }
    }
}
