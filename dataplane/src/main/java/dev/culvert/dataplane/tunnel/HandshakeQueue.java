package dev.culvert.dataplane.tunnel;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Handshake messages that wait until the data of their turn has passed: anyone can send them, and one of them may
/// cost as much as a hundred packets of a peer. Bounded; what finds it full is dropped, for whoever meant it will ask
/// again.
final class HandshakeQueue {
    /// A burst of as many peers as come back at once, and at most 10 ms of a flood.
    private static final int CAPACITY = 256;
    private static final int CROWD = CAPACITY / 8;

    // Initiation, response and cookie reply (wireguard paper, 5.4): their types, and the longest of them.
    private static final int FIRST_TYPE = 1;
    private static final int LAST_TYPE = 3;
    private static final int LONGEST = 148;

    private final byte[] messages = new byte[CAPACITY * LONGEST];
    private final int[] lengths = new int[CAPACITY];
    private final @Nullable InetSocketAddress[] senders = new @Nullable InetSocketAddress[CAPACITY];
    private final ByteBuffer message = ByteBuffer.wrap(messages);
    private int first;
    private int size;
    private int taken;
    private long overflow;

    /// Whether a datagram is to wait here. What looks like none of the messages is refused sooner than it is copied.
    static boolean isHandshake(ByteBuffer datagram) {
        int length = datagram.remaining();
        if (length == 0 || length > LONGEST) {
            return false;
        }
        int type = datagram.get(datagram.position());
        return type >= FIRST_TYPE && type <= LAST_TYPE;
    }

    /// Keeps a copy, if there is room.
    void add(ByteBuffer datagram, InetSocketAddress from) {
        if (size == CAPACITY) {
            overflow++;
            return;
        }
        int slot = (first + size) % CAPACITY;
        lengths[slot] = datagram.remaining();
        datagram.get(datagram.position(), messages, slot * LONGEST, lengths[slot]);
        senders[slot] = from;
        size++;
    }

    /// Whether so many wait that there is not enough time for them: an eighth of the room.
    boolean isCrowded() {
        return size >= CROWD;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// Takes the oldest message: what is returned holds until the next `add`, and [#sender] has sent it.
    ByteBuffer take() {
        taken = first;
        first = (first + 1) % CAPACITY;
        size--;
        return message.clear().limit(taken * LONGEST + lengths[taken]).position(taken * LONGEST);
    }

    /// Who sent what was taken last.
    InetSocketAddress sender() {
        InetSocketAddress sender = senders[taken];
        if (sender == null) {
            throw new IllegalStateException("no message was taken");
        }
        return sender;
    }

    /// How many found no room.
    long overflow() {
        return overflow;
    }
}
