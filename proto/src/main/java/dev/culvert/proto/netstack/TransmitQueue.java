package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// Sockets that may have something to send, each at most once, in turn.
final class TransmitQueue {
    private @Nullable Pollable head;
    private @Nullable Pollable tail;

    void add(Pollable pollable) {
        if (pollable.inTransmit) {
            return;
        }
        pollable.inTransmit = true;
        if (tail == null) {
            head = pollable;
        } else {
            tail.nextTransmit = pollable;
        }
        tail = pollable;
    }

    @Nullable
    Pollable poll() {
        Pollable first = head;
        if (first != null) {
            head = first.nextTransmit;
            first.nextTransmit = null;
            first.inTransmit = false;
            if (head == null) {
                tail = null;
            }
        }
        return first;
    }
}
