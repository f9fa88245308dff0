package dev.culvert.proto.wireguard;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The indices that this device gave to its peers, each random in 24 bits ([IndexForm]) and unique here.
///
/// Open addressing with linear probing on the index itself: we chose it at random, so no one else can make chains
/// long. A lookup allocates nothing.
final class IndexTable {
    final IndexForm form;

    private final RandomGenerator random;
    private @Nullable Entry[] slots = new @Nullable Entry[16];
    private int size;

    IndexTable(RandomGenerator random) {
        this.random = random;
        form = IndexForm.random(random);
    }

    /// Gives out a fresh index for a handshake with `peer`.
    Entry insert(Peer peer) {
        if (2 * size >= slots.length) {
            grow();
        }
        int index;
        do {
            index = form.index(random.nextInt());
        } while (get(index) != null);
        Entry entry = new Entry(index, peer);
        place(entry);
        size++;
        return entry;
    }

    @Nullable
    Entry get(int index) {
        int mask = slots.length - 1;
        for (int i = index & mask; ; i = (i + 1) & mask) {
            Entry entry = slots[i];
            if (entry == null || entry.index == index) {
                return entry;
            }
        }
    }

    void remove(Entry entry) {
        int mask = slots.length - 1;
        int hole = entry.index & mask;
        while (slots[hole] != entry) {
            if (slots[hole] == null) {
                return;
            }
            hole = (hole + 1) & mask;
        }
        size--;
        slots[hole] = null;
        // What stands behind the hole in the same run and may stand in it moves up, or a lookup would end too soon.
        for (int i = (hole + 1) & mask; ; i = (i + 1) & mask) {
            Entry moved = slots[i];
            if (moved == null) {
                return;
            }
            if (((i - moved.index) & mask) >= ((i - hole) & mask)) {
                slots[hole] = moved;
                slots[i] = null;
                hole = i;
            }
        }
    }

    int size() {
        return size;
    }

    private void grow() {
        @Nullable Entry[] old = slots;
        slots = new @Nullable Entry[2 * old.length];
        for (Entry entry : old) {
            if (entry != null) {
                place(entry);
            }
        }
    }

    private void place(Entry entry) {
        int mask = slots.length - 1;
        int i = entry.index & mask;
        while (slots[i] != null) {
            i = (i + 1) & mask;
        }
        slots[i] = entry;
    }

    /// What an index stands for: first a handshake with a peer, then the session it led to.
    static final class Entry {
        final int index;
        final Peer peer;

        @Nullable
        Keypair keypair;

        Entry(int index, Peer peer) {
            this.index = index;
            this.peer = peer;
        }
    }
}
