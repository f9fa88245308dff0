package dev.culvert.proto.netstack;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// A port that accepts connections on all addresses of its stack: the LISTEN state.
public final class TcpListener extends Pollable {
    static final int BACKLOG = 1024;

    private final TcpLayer layer;
    private final int port;
    private int mostStalled = Integer.MAX_VALUE;
    private final ArrayDeque<TcpSocket> accepted = new ArrayDeque<>();

    TcpListener(TcpLayer layer, int port) {
        this.layer = layer;
        this.port = port;
    }

    /// The next connection that stands, or null. One that was reset while it waited, with nothing to read, is
    /// left out.
    public @Nullable TcpSocket accept() {
        TcpSocket socket = accepted.poll();
        while (socket != null && socket.failure() != null && socket.readable() == 0) {
            socket.close();
            socket = accepted.poll();
        }
        return socket;
    }

    /// Gives the port back; connections nobody has accepted are reset.
    public void close() {
        if (detached) {
            return;
        }
        detached = true;
        layer.unlisten(this);
        for (TcpSocket socket = accepted.poll(); socket != null; socket = accepted.poll()) {
            socket.abort();
        }
    }

    /// From now on a host, or IPv6 network of 64 bits, begins no connection here while so many of its connections with
    /// the stack have their windows shut although something waits for them (RFC 6429).
    ///
    /// @param most 1 and above; not limited at first, for one host may speak for many
    public void mostStalled(int most) {
        mostStalled = most;
    }

    int mostStalled() {
        return mostStalled;
    }

    /// So many of one host are more than chance.
    int manyStalled() {
        return Math.max(1, mostStalled / 8);
    }

    public int port() {
        return port;
    }

    boolean isFull() {
        return accepted.size() >= BACKLOG;
    }

    void add(TcpSocket socket) {
        accepted.add(socket);
        layer.ready(this);
    }
}
