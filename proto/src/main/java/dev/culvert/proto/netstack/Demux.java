package dev.culvert.proto.netstack;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Finds the connection of a four-tuple: open addressing with linear probing over the sockets themselves, no
/// object per look-up. The hash is keyed, so that peers cannot choose ports that collide.
final class Demux {
    private final long key;
    private @Nullable TcpSocket[] table = new TcpSocket[16];
    private final HostCounts hosts;
    private int size;

    Demux(long key) {
        this.key = key | 1;
        this.hosts = new HostCounts(key);
    }

    int size() {
        return size;
    }

    int hash(Tuple who) {
        return hash(who.localHigh, who.localLow, who.remoteHigh, who.remoteLow, who.ports);
    }

    /// @param hash of `who`
    @Nullable
    TcpSocket find(Tuple who, int hash) {
        int mask = table.length - 1;
        for (int slot = hash & mask; ; slot = (slot + 1) & mask) {
            TcpSocket socket = table[slot];
            if (socket == null) {
                return null;
            }
            if (socket.hash == hash
                    && socket.ports == who.ports
                    && socket.remoteLow == who.remoteLow
                    && socket.localLow == who.localLow
                    && socket.remoteHigh == who.remoteHigh
                    && socket.localHigh == who.localHigh) {
                return socket;
            }
        }
    }

    /// Every socket; `task` adds and removes none.
    void forEach(Consumer<TcpSocket> task) {
        for (TcpSocket socket : table) {
            if (socket != null) {
                task.accept(socket);
            }
        }
    }

    /// Adds a socket whose four-tuple is not in the table.
    void add(TcpSocket socket) {
        if (size * 2 >= table.length) {
            grow();
        }
        socket.hash = hash(socket.localHigh, socket.localLow, socket.remoteHigh, socket.remoteLow, socket.ports);
        insert(socket);
        size++;
        hosts.add(socket, 1);
    }

    /// Sockets towards the host that has an address.
    int ofHost(long remoteHigh, long remoteLow) {
        return hosts.of(remoteHigh, remoteLow);
    }

    private void insert(TcpSocket socket) {
        int mask = table.length - 1;
        int slot = socket.hash & mask;
        while (table[slot] != null) {
            slot = (slot + 1) & mask;
        }
        table[slot] = socket;
    }

    private void grow() {
        @Nullable TcpSocket[] old = table;
        table = new TcpSocket[old.length * 2];
        for (TcpSocket socket : old) {
            if (socket != null) {
                insert(socket);
            }
        }
    }

    void remove(TcpSocket socket) {
        int mask = table.length - 1;
        int slot = socket.hash & mask;
        while (table[slot] != socket) {
            if (table[slot] == null) {
                return;
            }
            slot = (slot + 1) & mask;
        }
        size--;
        hosts.add(socket, -1);
        closeGap(slot, mask);
    }

    /// Moves back what probing past the emptied slot had pushed on (Knuth, volume 3, algorithm R of 6.4).
    private void closeGap(int emptied, int mask) {
        int gap = emptied;
        int slot = emptied;
        while (true) {
            slot = (slot + 1) & mask;
            TcpSocket moved = table[slot];
            if (moved == null) {
                table[gap] = null;
                return;
            }
            int home = moved.hash & mask;
            if (((slot - home) & mask) >= ((slot - gap) & mask)) {
                table[gap] = moved;
                gap = slot;
            }
        }
    }

    private int hash(long localHigh, long localLow, long remoteHigh, long remoteLow, int ports) {
        long h = (ports ^ remoteLow) * key;
        h = (h ^ h >>> 32 ^ remoteHigh) * key;
        h = (h ^ h >>> 29 ^ localLow ^ Long.rotateLeft(localHigh, 31)) * key;
        return (int) (h >>> 32);
    }
}
