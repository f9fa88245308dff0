package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// A list of sockets from oldest to newest, linked through them: those half open, stalled, orphans, or those in
/// TIME-WAIT. A socket is in at most one such list.
final class SocketList {
    private final @Nullable HostCounts hosts;
    private @Nullable TcpSocket oldest;
    private @Nullable TcpSocket newest;
    private int size;

    SocketList() {
        this(null);
    }

    /// @param hosts keeps count of whose sockets are in the list
    SocketList(@Nullable HostCounts hosts) {
        this.hosts = hosts;
    }

    int size() {
        return size;
    }

    @Nullable
    TcpSocket oldest() {
        return oldest;
    }

    /// Adds a socket, which leaves the list that it is in.
    void add(TcpSocket socket) {
        remove(socket);
        socket.list = this;
        socket.older = newest;
        socket.newer = null;
        if (newest == null) {
            oldest = socket;
        } else {
            newest.newer = socket;
        }
        newest = socket;
        size++;
        if (hosts != null) {
            hosts.add(socket, 1);
        }
    }

    /// Takes a socket out of the list that it is in, if it is in one.
    static void remove(TcpSocket socket) {
        if (socket.list != null) {
            socket.list.unlink(socket);
        }
    }

    private void unlink(TcpSocket socket) {
        if (socket.older == null) {
            oldest = socket.newer;
        } else {
            socket.older.newer = socket.newer;
        }
        if (socket.newer == null) {
            newest = socket.older;
        } else {
            socket.newer.older = socket.older;
        }
        socket.older = null;
        socket.newer = null;
        socket.list = null;
        size--;
        if (hosts != null) {
            hosts.add(socket, -1);
        }
    }
}
