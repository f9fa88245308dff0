package dev.culvert.dataplane.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A target on loopback that does what a script says, each connection on a thread of its own.
public final class RawBackend implements AutoCloseable {
    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final Thread acceptor;

    /// What one connection does; it is closed when this returns.
    @FunctionalInterface
    public interface Script {
        /// @param number of this connection, from 1
        void serve(Wire wire, int number) throws Exception;
    }

    public RawBackend(Script script) throws IOException {
        server = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
        acceptor = Thread.ofVirtual().start(() -> accept(script));
    }

    /// Sends back what it gets, and ends when the other side has ended.
    public static RawBackend echo() throws IOException {
        return new RawBackend((wire, _) -> {
            wire.input().transferTo(wire.socket().getOutputStream());
            wire.endOutput();
        });
    }

    private void accept(Script script) {
        try {
            while (true) {
                Socket socket = server.accept();
                open.add(socket);
                int number = accepted.incrementAndGet();
                Thread.ofVirtual().start(() -> serve(script, socket, number));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private void serve(Script script, Socket socket, int number) {
        try (socket) {
            script.serve(new Wire(socket), number);
        } catch (Exception visible) {
            // The other end sees a connection that ends too early.
        } finally {
            open.remove(socket);
        }
    }

    /// A port of this machine at which nobody listens.
    public static int unused() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /// Connections so far.
    public int accepted() {
        return accepted.get();
    }

    /// Ends what is open; afterwards nobody listens. A virtual thread that waits in `accept` owns the socket's end: it
    /// is only woken by `close`, and takes one more connection if that is there first.
    @Override
    public void close() throws IOException {
        server.close();
        try {
            acceptor.join();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        for (Socket socket : open) {
            socket.close();
        }
    }
}
