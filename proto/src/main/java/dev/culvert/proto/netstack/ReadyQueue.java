package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// Sockets whose readiness has changed, each at most once, first come first served.
final class ReadyQueue {
    private @Nullable Pollable head;
    private @Nullable Pollable tail;

    void add(Pollable pollable) {
        if (pollable.inReady) {
            return;
        }
        pollable.inReady = true;
        if (tail == null) {
            head = pollable;
        } else {
            tail.nextReady = pollable;
        }
        tail = pollable;
    }

    @Nullable
    Pollable poll() {
        Pollable first = head;
        if (first != null) {
            head = first.nextReady;
            first.nextReady = null;
            first.inReady = false;
            if (head == null) {
                tail = null;
            }
        }
        return first;
    }
}
